// Points, by depth, where the adapter has atomic operations on 64 bits.

#import common/scatter.wgsl
#import common/offer_wide.wgsl
