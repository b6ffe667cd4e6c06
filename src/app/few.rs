//! Fewer points while the hand moves.

use std::sync::Arc;

use crate::scene::{PointColors, PointLayer};

/// While something moves, no more points than about this many are drawn.
const MOVING_POINTS: usize = 700_000;

/// Leaves some of many points; the same as the last time if they are the same.
pub fn thin(points: &mut PointLayer, last: &mut Option<(PointLayer, PointLayer)>) {
    let every = points.positions.len().div_ceil(MOVING_POINTS);
    if every < 2 {
        *last = None;
        return;
    }
    let colors = |layer: &PointLayer| layer.colors.as_ref().map(|c| Arc::as_ptr(&c.values));
    let is_same = |of: &PointLayer| {
        Arc::ptr_eq(&of.positions, &points.positions)
            && Arc::ptr_eq(&of.values, &points.values)
            && Arc::ptr_eq(of.sizes(), points.sizes())
            && colors(of) == colors(points)
    };
    if !last.as_ref().is_some_and(|(of, _)| is_same(of)) {
        *last = Some((points.clone(), points.clone().every(every)));
    }
    if let Some((_, few)) = last {
        let colors = std::iter::zip(points.colors.take(), few.colors.as_ref());
        let colors = colors.map(|(all, few)| PointColors { values: few.values.clone(), ..all }).next();
        let (positions, values, sizes) = (few.positions.clone(), few.values.clone(), few.sizes.clone());
        *points = PointLayer { positions, values, sizes, colors, ..points.clone() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::easel::tests::scene;

    /// Catches: millions of points that hold up the hand, and new buffers of points for every picture of a drag.
    #[test]
    fn of_many_points_some_are_drawn_while_the_hand_moves() {
        let n = 2 * MOVING_POINTS + 7;
        let few = scene(&[("mode", "points"), ("grid", "8")]).points.unwrap();
        let (mut kept, mut same) = (None, few.clone());
        thin(&mut same, &mut kept);
        assert!(kept.is_none() && Arc::ptr_eq(&same.positions, &few.positions));
        let positions = Arc::new(few.positions.iter().copied().cycle().take(n).collect());
        let values: Arc<Vec<f64>> = Arc::new(few.values.iter().copied().cycle().take(n).collect());
        let many = PointLayer { positions, values: values.clone(), sizes: None, ..few };
        let [first, second] = [(); 2].map(|()| {
            let mut points = many.clone();
            thin(&mut points, &mut kept);
            points
        });
        assert_eq!((first.positions.len(), first.values[1]), (n.div_ceil(3), values[3]));
        assert!(Arc::ptr_eq(&first.positions, &second.positions) && Arc::ptr_eq(&first.values, &second.values));
    }
}
