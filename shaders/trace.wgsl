// Triangles, by depth.

#import common/scatter_trace.wgsl
#import common/offer.wgsl
