//! Opening a file by hand: a path that is typed, completed by Tab, or chosen from what is in its folder.

use std::path::{Path, PathBuf};

use egui::{Align, Event, Id, Key, Layout, Modal, RichText, ScrollArea, TextEdit, Ui};

use super::super::browse::{self, Entry};
use super::super::errand::{Errand, Wake};
use super::super::message::in_words;
use super::super::model::Model;
use super::super::places;
use super::super::style::{ACCENT, ERROR, WEAK};
use crate::error::Error;

/// Width of the dialog and height of its list, in points.
const SIZE: [f32; 2] = [520.0, 300.0];

/// The dialog while it is shown.
pub struct Dialog {
    /// What is typed or chosen.
    text: String,
    /// What names begin with that are shown: a click chooses among them.
    filter: String,
    /// The folder whose entries are shown.
    folder: PathBuf,
    entries: Vec<Entry>,
    /// Reads the folder: that may take long where it is far away.
    reading: Option<Errand<Vec<Entry>>>,
    wrong: Option<String>,
    /// Why what was chosen last cannot be opened.
    refused: Option<String>,
    /// The entry that arrows have come to.
    at: Option<usize>,
    /// Whether the text is the program's and not yet typed into.
    is_new: bool,
}

/// What the user has decided.
enum Outcome {
    Open(PathBuf),
    Close,
}

impl Dialog {
    fn at(folder: PathBuf, wake: &Wake) -> Self {
        let mut text = folder.display().to_string();
        if !text.ends_with(std::path::is_separator) {
            text.push('/');
        }
        let mut dialog = Self {
            text,
            filter: String::new(),
            folder: PathBuf::new(),
            entries: Vec::new(),
            reading: None,
            wrong: None,
            refused: None,
            at: None,
            is_new: true,
        };
        dialog.follow(wake);
        dialog
    }

    /// Reads the folder of what is typed, if it is another one.
    fn follow(&mut self, wake: &Wake) {
        let folder = browse::path_of(browse::split(&self.text).0);
        if folder != self.folder {
            self.folder.clone_from(&folder);
            (self.entries, self.wrong, self.at) = (Vec::new(), None, None);
            self.reading = Some(Errand::start(wake.clone(), move |_| browse::list(&folder)));
        }
        match Errand::taken(&mut self.reading) {
            Some(Ok(entries)) => self.entries = entries,
            Some(Err(Error::Interrupted)) | None => {}
            Some(Err(error)) => self.wrong = Some(error.to_string()),
        }
    }

    /// The user has typed: names are those that begin so. What follows `//` is a path of its own.
    fn typed(&mut self) {
        if let Some(at) = self.text.rfind("//").filter(|at| *at > 0) {
            self.text.drain(..=at);
        }
        self.filter = browse::split(&self.text).1.to_owned();
        (self.at, self.refused) = (None, None);
    }

    /// Types the name of an entry.
    fn take(&mut self, name: &str, is_folder: bool) {
        let folder = browse::split(&self.text).0;
        self.text = format!("{folder}{name}{}", if is_folder { "/" } else { "" });
        (self.is_new, self.refused) = (true, None);
        if is_folder {
            self.typed();
        }
    }

    /// What Enter means: a folder is entered, a file opened.
    fn enter(&mut self) -> Option<Outcome> {
        let typed = browse::split(&self.text).1.to_owned();
        let chosen = {
            let shown = browse::matching(&self.entries, &self.filter);
            let exact = shown.iter().position(|entry| entry.name == typed);
            let only = (shown.len() == 1 && !typed.is_empty()).then_some(0);
            self.at.or(exact).or(only).and_then(|i| shown.get(i)).map(|entry| (entry.name.clone(), entry.is_folder))
        };
        match chosen {
            Some((name, true)) => self.take(&name, true),
            Some((name, false)) => return Some(Outcome::Open(self.folder.join(name))),
            None if typed.is_empty() => {}
            None => return Some(Outcome::Open(browse::path_of(&self.text))),
        }
        None
    }

    fn complete(&mut self) {
        let (folder, typed) = browse::split(&self.text);
        let done = browse::completed(&browse::matching(&self.entries, typed), typed);
        self.text = format!("{folder}{done}");
        self.is_new = true;
        self.typed();
    }

    fn step(&mut self, by: isize) {
        let count = browse::matching(&self.entries, &self.filter).len();
        let next = |at: usize| at.saturating_add_signed(by).min(count.saturating_sub(1));
        self.at = (count > 0).then(|| self.at.map_or(0, next));
    }
}

impl Model {
    /// Shows what is in the folder of the input.
    pub fn choose_file(&mut self) {
        let input = self.session.options().input.clone().filter(|input| !input.contains(':')).map(PathBuf::from);
        let folder = input.and_then(|input| input.parent().map(PathBuf::from)).filter(|folder| folder.is_dir());
        let folder =
            folder.and_then(|folder| std::path::absolute(folder).ok()).or_else(|| std::env::current_dir().ok());
        self.ui.open = Some(Dialog::at(folder.unwrap_or_default(), &self.wake));
    }
}

/// The dialog, if it is shown.
pub fn show(model: &mut Model, ui: &Ui) {
    let Some(mut dialog) = model.ui.open.take() else { return };
    dialog.follow(&model.wake);
    let mut outcome = None;
    let modal = Modal::new(Id::unique("open a file")).show(ui.ctx(), |ui| {
        ui.set_width(SIZE[0].min(ui.ctx().content_rect().width() - 40.0));
        ui.label(RichText::new("Open").strong().size(15.0));
        let keys = keys(ui);
        field(&mut dialog, ui);
        refused(&dialog, ui);
        outcome = keys.into_iter().fold(None, |outcome, key| outcome.or_else(|| press(&mut dialog, key)));
        outcome = list(&mut dialog, ui).or(outcome.take());
        outcome = buttons(&mut dialog, ui).or(outcome.take());
    });
    if modal.should_close() {
        outcome = Some(Outcome::Close);
    }
    match outcome {
        Some(Outcome::Open(path)) => model.open_of(dialog, &path),
        Some(Outcome::Close) => {}
        None => model.ui.open = Some(dialog),
    }
}

/// Why nothing can be read there, as far as that is known at once.
fn why_not(path: &Path) -> Option<String> {
    let is_sample = path.to_string_lossy().starts_with("sample:");
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => Some("that is a folder".to_owned()),
        Err(error) if !is_sample => Some(format!("{}: {}", path.display(), reason_of(&error))),
        _ => None,
    }
}

fn reason_of(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

impl Model {
    /// Opens what was chosen in a dialog, which stays, or comes back, where that cannot be read.
    fn open_of(&mut self, mut dialog: Dialog, path: &Path) {
        dialog.refused = why_not(path);
        if dialog.refused.is_some() {
            self.ui.open = Some(dialog);
            return;
        }
        match self.try_open(&[path.display().to_string()]) {
            Ok(()) => self.ui.opening = Some(dialog),
            Err(error) => self.refuse_opened(dialog, &error.to_string()),
        }
    }

    /// What was chosen in a dialog cannot be read: that comes back with the reason.
    pub fn refuse_opened(&mut self, mut dialog: Dialog, reason: &str) {
        (dialog.refused, dialog.is_new) = (Some(in_words(reason)), true);
        self.ui.open = Some(dialog);
    }
}

/// Keys that are the dialog's and not the field's, in their order.
fn keys(ui: &Ui) -> Vec<Key> {
    let is_ours = |key: &Key| matches!(key, Key::ArrowDown | Key::ArrowUp | Key::Tab | Key::Enter);
    let mut found = Vec::new();
    ui.input_mut(|input| {
        input.events.retain(|event| match event {
            Event::Key { key, pressed: true, .. } if is_ours(key) => {
                found.push(*key);
                false
            }
            _ => true,
        });
    });
    found
}

/// Does what a key says; after what was typed with it is in the field.
fn press(dialog: &mut Dialog, key: Key) -> Option<Outcome> {
    match key {
        Key::ArrowDown => dialog.step(1),
        Key::ArrowUp => dialog.step(-1),
        Key::Tab => dialog.complete(),
        _ => return dialog.enter(),
    }
    None
}

fn field(dialog: &mut Dialog, ui: &mut Ui) {
    let id = Id::unique("path");
    let edit = TextEdit::singleline(&mut dialog.text).id(id).lock_focus(true).desired_width(f32::INFINITY);
    let edit = if dialog.refused.is_some() { edit.text_color(ERROR) } else { edit };
    let field = ui.add(edit.hint_text("a path; Tab completes it"));
    places::note(ui.ctx(), "path", field.rect);
    if field.changed() {
        dialog.typed();
    }
    if !field.has_focus() {
        field.request_focus();
    }
    if std::mem::take(&mut dialog.is_new) {
        end_of_text(ui, id, dialog.text.chars().count());
    }
}

/// Why what was chosen cannot be opened, below its name.
fn refused(dialog: &Dialog, ui: &mut Ui) {
    if let Some(reason) = &dialog.refused {
        let label = ui.add(egui::Label::new(RichText::new(reason).color(ERROR)).wrap());
        places::note(ui.ctx(), "refused", label.rect);
    }
}

/// Typing goes on behind what the program has typed.
fn end_of_text(ui: &Ui, id: Id, length: usize) {
    use egui::text::{CCursor, CCursorRange};
    let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(length))));
    state.store(ui.ctx(), id);
}

/// What is in the folder: a click enters a folder or chooses a file, a double click opens that.
fn list(dialog: &mut Dialog, ui: &mut Ui) -> Option<Outcome> {
    let (mut taken, mut outcome, mut at) = (None, None, dialog.at);
    let height = SIZE[1].min(ui.ctx().content_rect().height() - 160.0);
    ScrollArea::vertical().min_scrolled_height(height).max_height(height).auto_shrink([false; 2]).show(ui, |ui| {
        let shown = browse::matching(&dialog.entries, &dialog.filter);
        if browse::split(&dialog.text).0.len() > 1 && ui.selectable_label(false, "..").clicked() {
            taken = Some(("..".to_owned(), true));
        }
        for (i, entry) in shown.iter().enumerate() {
            let row = row(ui, entry, dialog.at == Some(i));
            if dialog.at == Some(i) {
                row.scroll_to_me(None);
            }
            if row.double_clicked() && !entry.is_folder {
                outcome = Some(Outcome::Open(dialog.folder.join(&entry.name)));
            } else if row.clicked() {
                taken = Some((entry.name.clone(), entry.is_folder));
                at = Some(i);
            }
        }
        match (&dialog.wrong, dialog.reading.is_some()) {
            (Some(wrong), _) => drop(ui.label(RichText::new(wrong).color(ERROR))),
            (None, true) => drop(ui.label(RichText::new("reading the folder ...").color(WEAK))),
            (None, false) if shown.is_empty() => drop(ui.label(RichText::new("no file is called so here").color(WEAK))),
            _ => {}
        }
    });
    dialog.at = at;
    if let Some((name, is_folder)) = taken {
        match name.as_str() {
            ".." => dialog.up(),
            _ => dialog.take(&name, is_folder),
        }
    }
    outcome
}

impl Dialog {
    /// Out of the folder.
    fn up(&mut self) {
        let folder = std::path::absolute(browse::path_of(browse::split(&self.text).0)).unwrap_or_default();
        let above = folder.parent().map_or(folder.clone(), PathBuf::from).display().to_string();
        self.text = if above.ends_with(std::path::is_separator) { above } else { format!("{above}/") };
        self.is_new = true;
        self.typed();
    }
}

fn row(ui: &mut Ui, entry: &Entry, is_chosen: bool) -> egui::Response {
    let name = match entry.is_folder {
        true => RichText::new(format!("{}/", entry.name)).color(ACCENT),
        false => RichText::new(&entry.name),
    };
    let size = if entry.is_folder { String::new() } else { browse::size_text(entry.size) };
    let button = egui::Button::selectable(is_chosen, name).truncate().shortcut_text(RichText::new(size).color(WEAK));
    let response = ui.with_layout(Layout::top_down_justified(Align::LEFT), |ui| ui.add(button)).inner;
    places::note(ui.ctx(), &entry.name, response.rect);
    response
}

fn buttons(dialog: &mut Dialog, ui: &mut Ui) -> Option<Outcome> {
    let mut outcome = None;
    ui.horizontal(|ui| {
        let open = ui.button("Open");
        places::note(ui.ctx(), "open it", open.rect);
        if open.clicked() {
            outcome = dialog.enter();
        }
        if ui.button("Cancel").on_hover_text("esc").clicked() {
            outcome = Some(Outcome::Close);
        }
        ui.weak("Tab completes, Enter opens");
    });
    outcome
}
