//! Heat maps that follow one another.

use std::sync::Arc;

use glam::DVec3;

use super::{Contours, HeatmapScene, Limits, filled};
use crate::error::{Error, Result};
use crate::grid::{DensityGrid, Lattice, PlaneGrid};

/// How the limits of an animation are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitsOver {
    /// Once, over the values of all frames: a colour means one value from begin to end.
    #[default]
    AllFrames,
    /// For each frame by itself.
    EachFrame,
}

/// Frames of a heat map with their names.
#[derive(Debug, Clone)]
pub struct HeatmapAnimation {
    /// What all frames share: colours, axes, annotations. In its title `{frame}` stands for the number of the frame
    /// from 0, `{frames}` for how many there are, `{name}` for its name.
    pub scene: HeatmapScene,
    grids: Vec<Arc<PlaneGrid>>,
    names: Vec<String>,
    limits: Vec<[f64; 2]>,
    /// The smallest and the largest value, where the limits are common to all frames.
    range: Option<[f64; 2]>,
    /// Shares of the total (0 to 1) that the contours of each frame enclose, in place of the scene's levels.
    pub enclosed: Option<Vec<f64>>,
}

impl HeatmapAnimation {
    /// The 2nd and 98th percentile, over all frames.
    pub const DEFAULT_LIMITS: Limits = Limits::Percentile(2.0, 98.0);
    /// Frames a second where none are given.
    pub const DEFAULT_FPS: f64 = 10.0;

    /// From grids of one shape, each with its name; the scene's own grid and limits are replaced.
    ///
    /// # Errors
    /// [`Error::Data`] if there is no frame, frames differ in shape, there is not one name a frame, or a frame has no
    /// finite value; those of [`Limits::resolve`].
    pub fn new(
        scene: HeatmapScene,
        grids: Vec<Arc<PlaneGrid>>,
        names: Vec<String>,
        limits: Limits,
        over: LimitsOver,
    ) -> Result<Self> {
        Self::with_limits(scene, grids, names, over, &|grid| limits.resolve(grid))
    }

    /// As [`HeatmapAnimation::new`], with limits by a rule of one's own: of a grid of one layer, or of one with a layer a
    /// frame.
    ///
    /// # Errors
    /// As [`HeatmapAnimation::new`], and those of the rule.
    pub fn with_limits(
        scene: HeatmapScene,
        grids: Vec<Arc<PlaneGrid>>,
        names: Vec<String>,
        over: LimitsOver,
        resolve: &dyn Fn(&DensityGrid) -> Result<[f64; 2]>,
    ) -> Result<Self> {
        check(&grids, &names)?;
        let (limits, range) = match over {
            LimitsOver::AllFrames => {
                let all = stacked(&grids)?;
                (vec![resolve(&all)?; grids.len()], Some(all.statistics().range()))
            }
            LimitsOver::EachFrame => (grids.iter().map(|grid| resolve(grid.layer())).collect::<Result<_>>()?, None),
        };
        Ok(Self { scene, grids, names, limits, range, enclosed: None })
    }

    /// The value that both limits of the first frame are, if they are one.
    pub(crate) fn one_limit(&self) -> Option<f64> {
        let [vmin, vmax] = self.limits[0];
        (vmin == vmax).then_some(vmin)
    }

    /// The number of frames.
    pub fn len(&self) -> usize {
        self.grids.len()
    }

    /// Never: an animation has a frame.
    pub fn is_empty(&self) -> bool {
        self.grids.is_empty()
    }

    /// The values of frame `k`.
    ///
    /// # Panics
    /// If there are not more than `k` frames.
    pub fn grid(&self, k: usize) -> &Arc<PlaneGrid> {
        &self.grids[k]
    }

    /// The names of the frames.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The title of frame `k`.
    ///
    /// # Panics
    /// If there are not more than `k` frames.
    pub fn title(&self, k: usize) -> Option<String> {
        let title = self.scene.annotations.title.as_ref()?;
        Some(filled(title, &self.words(k)).unwrap_or_else(|_| title.clone()))
    }

    /// Whether all names in braces that the title has mean something; those that do not are drawn as they stand.
    ///
    /// # Errors
    /// [`Error::Usage`] with the names that do.
    pub fn check_title(&self) -> Result<()> {
        self.scene.annotations.title.as_ref().map_or(Ok(()), |title| filled(title, &self.words(0)).map(drop))
    }

    /// What names in the title of frame `k` stand for.
    fn words(&self, k: usize) -> [(String, String); 3] {
        let words = [("frame", k.to_string()), ("frames", self.len().to_string()), ("name", self.names[k].clone())];
        words.map(|(name, value)| (name.to_owned(), value))
    }

    /// Frame `k` from 0: a function of its number alone.
    ///
    /// # Panics
    /// If there are not more than `k` frames.
    pub fn frame(&self, k: usize) -> HeatmapScene {
        let mut scene = self.scene.clone();
        scene.grid = self.grids[k].clone();
        scene.transfer.limits = super::heatmap::opened(self.limits[k]);
        scene.range = self.range;
        if let Some(shares) = &self.enclosed {
            let color = scene.contours.and_then(|contours| contours.color);
            scene.contours = Some(Contours { color, ..Contours::enclosing(&scene.grid, shares) });
        }
        scene.annotations.title = self.title(k);
        scene.annotations.steady_bar |= self.limits.iter().any(|limits| *limits != self.limits[0]);
        scene
    }
}

fn check(grids: &[Arc<PlaneGrid>], names: &[String]) -> Result<()> {
    let Some(first) = grids.first() else {
        return Err(Error::Data("there is no frame to draw; an animation needs one or more".into()));
    };
    if names.len() != grids.len() {
        return Err(Error::Data(format!(
            "{} names for {} frames; one name a frame is needed",
            names.len(),
            grids.len()
        )));
    }
    for (k, grid) in grids.iter().enumerate() {
        let ([nx, ny], [mx, my]) = (first.shape(), grid.shape());
        if [nx, ny] != [mx, my] {
            let problem = format!("is {mx} x {my}, but frame 0 is {nx} x {ny}; frames must be of one size");
            return Err(Error::Data(format!("frame {k} ({}) {problem}", names[k])));
        }
        if !grid.values().iter().any(|v| v.is_finite()) {
            let problem = "has no finite value, so there is nothing to draw; leave it out";
            return Err(Error::Data(format!("frame {k} ({}) {problem}", names[k])));
        }
    }
    Ok(())
}

/// The values of all frames one after the other, as layers of a grid.
fn stacked(grids: &[Arc<PlaneGrid>]) -> Result<DensityGrid> {
    let [nx, ny] = grids[0].shape();
    let spacing = grids[0].spacing().extend(1.0);
    let lattice = Lattice { shape: [nx, ny, grids.len()], origin: DVec3::ZERO, spacing };
    let values = grids.iter().flat_map(|grid| grid.values()).copied().collect();
    DensityGrid::new(lattice, values, grids[0].unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(shape: [usize; 2], first: f32) -> Arc<PlaneGrid> {
        let lattice = Lattice { shape: [shape[0], shape[1], 1], origin: DVec3::ZERO, spacing: DVec3::ONE };
        let values = (0..shape[0] * shape[1]).map(|i| first + i as f32).collect();
        Arc::new(PlaneGrid::from_layer(DensityGrid::new(lattice, values, None).unwrap()).unwrap())
    }

    fn animation(grids: Vec<Arc<PlaneGrid>>, limits: Limits, over: LimitsOver) -> Result<HeatmapAnimation> {
        let scene = HeatmapScene::of_cells(grid([2, 2], 0.0), HeatmapScene::DEFAULT_LIMITS).unwrap();
        let names = (0..grids.len()).map(|k| format!("t{k}")).collect();
        HeatmapAnimation::new(scene, grids, names, limits, over)
    }

    /// Catches: percentiles of one frame for all, or of all for each.
    #[test]
    fn limits_are_of_all_frames_or_of_each() {
        let grids = || vec![grid([5, 2], 0.0), grid([5, 2], 10.0)];
        // numpy.percentile(numpy.arange(20), [10, 90]).
        let all = animation(grids(), Limits::Percentile(10.0, 90.0), LimitsOver::AllFrames).unwrap();
        let of = |a: &HeatmapAnimation, k: usize| a.frame(k).transfer.limits.map(|v| (v * 1e6).round() / 1e6);
        assert_eq!([of(&all, 0), of(&all, 1)], [[1.9, 17.1]; 2]);
        let each = animation(grids(), Limits::Range(0.0, 1.0), LimitsOver::EachFrame).unwrap();
        assert_eq!([of(&each, 0), of(&each, 1)], [[0.0, 9.0], [10.0, 19.0]]);
        // The bar of all frames has one end while they play.
        assert_eq!([0, 1].map(|k| all.frame(k).goes_on()), [[true, true]; 2]);
        assert_eq!(each.frame(1).goes_on(), [false, false]);
    }

    #[test]
    fn contours_of_enclosed_shares_are_each_frames_own() {
        let grids = vec![grid([5, 2], 0.0), grid([5, 2], 100.0)];
        let mut a = animation(grids.clone(), Limits::DEFAULT, LimitsOver::AllFrames).unwrap();
        a.scene.contours = Some(Contours { color: Some([1.0, 0.0, 0.0]), ..Contours::enclosing(&grids[0], &[0.5]) });
        a.enclosed = Some(vec![0.5]);
        for (k, grid) in grids.iter().enumerate() {
            let found = a.frame(k).contours.unwrap();
            assert_eq!(found.levels, Contours::enclosing(grid, &[0.5]).levels, "{k}");
            assert_eq!(found.color, Some([1.0, 0.0, 0.0]));
        }
        assert!(a.frame(1).contours.unwrap().levels[0].value > 100.0);
    }

    #[test]
    fn titles_name_the_frame() {
        let mut a = animation(vec![grid([2, 2], 0.0); 3], Limits::DEFAULT, LimitsOver::AllFrames).unwrap();
        assert_eq!(a.title(1), None);
        a.scene.annotations.title = Some("{name}, frame {frame} of {frames}".into());
        a.check_title().unwrap();
        assert_eq!(a.frame(2).annotations.title.as_deref(), Some("t2, frame 2 of 3"));
        a.scene.annotations.title = Some("{step}".into());
        assert!(a.check_title().unwrap_err().to_string().contains("{step}"));
    }

    #[test]
    fn what_is_no_animation_is_refused() {
        let told = |grids| animation(grids, Limits::DEFAULT, LimitsOver::AllFrames).unwrap_err().to_string();
        assert!(told(vec![]).contains("no frame to draw"));
        assert!(
            told(vec![grid([2, 2], 0.0), grid([3, 2], 0.0)]).contains("frame 1 (t1) is 3 x 2, but frame 0 is 2 x 2")
        );
        assert!(told(vec![grid([2, 2], 0.0), grid([2, 2], f32::NAN)]).contains("frame 1 (t1) has no finite value"));
    }
}
