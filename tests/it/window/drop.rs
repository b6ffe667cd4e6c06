//! A hand that drags files from another program: the other side of XDND (freedesktop.org, version 5).

use std::path::Path;
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A program that offers a file.
struct Source<'a> {
    server: &'a RustConnection,
    window: Window,
    target: Window,
}

impl Source<'_> {
    fn atom(&self, name: &str) -> Atom {
        self.server.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn tell(&self, what: &str, [a, b, c, d]: [u32; 4]) {
        let event = ClientMessageEvent::new(32, self.target, self.atom(what), [self.window, a, b, c, d]);
        self.server.send_event(false, self.target, EventMask::NO_EVENT, event).unwrap();
        self.server.flush().unwrap();
    }

    /// Serves the file's name until the target says `what`.
    fn serve_until(&self, what: &str, text: &str) {
        let (awaited, start) = (self.atom(what), Instant::now());
        while start.elapsed() < Duration::from_secs(20) {
            match self.server.poll_for_event().unwrap() {
                Some(Event::SelectionRequest(request)) => self.serve(&request, text),
                Some(Event::ClientMessage(message)) if message.type_ == awaited => return,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        panic!("the window never said {what}");
    }

    fn serve(&self, request: &SelectionRequestEvent, text: &str) {
        let SelectionRequestEvent { requestor, property, target, selection, time, .. } = *request;
        self.server.change_property8(PropMode::REPLACE, requestor, property, target, text.as_bytes()).unwrap();
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time,
            requestor,
            selection,
            target,
            property,
        };
        self.server.send_event(false, requestor, EventMask::NO_EVENT, answer).unwrap();
        self.server.flush().unwrap();
    }
}

/// Drags files onto a window, and lets go.
pub fn drop_files(display: &str, target: Window, files: &[&Path]) {
    let (server, screen) = x11rb::connect(Some(display)).unwrap();
    let root = server.setup().roots[screen].root;
    let window = server.generate_id().unwrap();
    let aux = CreateWindowAux::new();
    server.create_window(0, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_OUTPUT, 0, &aux).unwrap();
    let source = Source { server: &server, window, target };
    let time = x11rb::CURRENT_TIME;
    server.set_selection_owner(window, source.atom("XdndSelection"), time).unwrap();
    let text: String = files.iter().map(|file| format!("file://{}\r\n", file.display())).collect();
    source.tell("XdndEnter", [5 << 24, source.atom("text/uri-list"), AtomEnum::NONE.into(), AtomEnum::NONE.into()]);
    source.tell("XdndPosition", [0, 200 << 16 | 200, time, source.atom("XdndActionCopy")]);
    source.serve_until("XdndStatus", &text);
    source.tell("XdndDrop", [0, time, 0, 0]);
    source.serve_until("XdndFinished", &text);
}
