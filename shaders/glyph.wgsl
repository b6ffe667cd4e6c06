// Points, by depth or by density.

#import common/scatter.wgsl
#import common/offer.wgsl
