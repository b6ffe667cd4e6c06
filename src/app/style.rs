//! How the panels look.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Vec2};

/// The colour of what is chosen or dragged.
pub const ACCENT: Color32 = Color32::from_rgb(242, 140, 40);
/// Behind the panels.
pub const PANEL: Color32 = Color32::from_rgb(24, 25, 31);
/// Behind curves and fields.
pub const WELL: Color32 = Color32::from_rgb(14, 14, 19);
/// Of text.
pub const TEXT: Color32 = Color32::from_rgb(214, 216, 222);
/// Of less important text.
pub const WEAK: Color32 = Color32::from_rgb(140, 144, 156);
/// Of warnings.
pub const WARNING: Color32 = Color32::from_rgb(240, 190, 80);
/// Of errors.
pub const ERROR: Color32 = Color32::from_rgb(240, 110, 100);

/// Puts the style into a context.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    ctx.style_mut_of(egui::Theme::Dark, |style| {
        style.text_styles = [
            (TextStyle::Small, 11.0, FontFamily::Proportional),
            (TextStyle::Body, 13.0, FontFamily::Proportional),
            (TextStyle::Button, 13.0, FontFamily::Proportional),
            (TextStyle::Heading, 15.0, FontFamily::Proportional),
            (TextStyle::Monospace, 12.0, FontFamily::Monospace),
        ]
        .into_iter()
        .map(|(style, size, family)| (style, FontId::new(size, family)))
        .collect();
        let spacing = &mut style.spacing;
        spacing.item_spacing = Vec2::new(6.0, 6.0);
        spacing.button_padding = Vec2::new(8.0, 3.0);
        spacing.interact_size.y = 22.0;
        spacing.slider_width = 104.0;
        // A bar beside the panels, not over them: handles at the edge stay within reach.
        spacing.scroll = egui::style::ScrollStyle::solid();
        spacing.window_margin = Margin::same(12);
        let visuals = &mut style.visuals;
        visuals.panel_fill = PANEL;
        visuals.window_fill = PANEL;
        visuals.extreme_bg_color = WELL;
        visuals.window_stroke = Stroke::new(1.0, Color32::from_gray(56));
        visuals.selection.bg_fill = ACCENT.gamma_multiply(0.45);
        visuals.selection.stroke = Stroke::new(1.0, Color32::WHITE);
        visuals.hyperlink_color = ACCENT;
        visuals.warn_fg_color = WARNING;
        visuals.error_fg_color = ERROR;
        visuals.slider_trailing_fill = true;
        visuals.widgets.noninteractive.fg_stroke.color = TEXT;
        visuals.widgets.noninteractive.bg_stroke.color = Color32::from_gray(46);
        visuals.widgets.inactive.fg_stroke.color = TEXT;
        visuals.widgets.inactive.weak_bg_fill = Color32::from_rgb(44, 46, 56);
        visuals.widgets.inactive.bg_fill = Color32::from_rgb(58, 60, 72);
        for widget in [
            &mut visuals.widgets.noninteractive,
            &mut visuals.widgets.inactive,
            &mut visuals.widgets.hovered,
            &mut visuals.widgets.active,
            &mut visuals.widgets.open,
        ] {
            widget.corner_radius = CornerRadius::same(4);
        }
    });
}
