//! Pages in a browser: headless Chromium, told what to do through chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

use crate::program::{densitas, folder, path, stderr};

/// A browser window.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one; `None` where chromedriver is not installed, unless `DENSITAS_TEST_BROWSER` is set: then that fails.
    fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = match command.spawn() {
            Ok(driver) => driver,
            Err(e) => {
                assert!(std::env::var_os("DENSITAS_TEST_BROWSER").is_none(), "chromedriver does not start: {e}");
                eprintln!("SKIPPED: chromedriver is not installed (Debian: chromium-driver)");
                return None;
            }
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').trim().parse().ok()
        });
        let mut browser = Self { driver, port: port.expect("chromedriver tells its port"), session: String::new() };
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=900,760", "--hide-scrollbars"];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let made = browser.ask("POST", "/session", &capabilities);
        browser.session = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")).to_owned();
        Some(browser)
    }

    /// The value of an answer.
    fn ask(&self, method: &str, place: &str, body: &Value) -> Value {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!("{method} {place} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["value"]["error"].is_null(), "{method} {place}: {answer}");
        answer["value"].clone()
    }

    fn command(&self, place: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}{place}", self.session), body)
    }

    fn run(&self, script: &str) -> Value {
        self.command("/execute/sync", &json!({ "script": format!("return {script}"), "args": [] }))
    }

    /// Waits until an expression is true.
    fn wait(&self, expression: &str) {
        let start = Instant::now();
        while self.run(expression) != true {
            assert!(start.elapsed() < Duration::from_secs(20), "`{expression}` stays false");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Moves the pointer to a place of the window, and clicks if asked to.
    fn point(&self, x: f64, y: f64, click: bool) {
        let mut actions = vec![json!({ "type": "pointerMove", "x": x.round(), "y": y.round() })];
        if click {
            actions
                .extend([json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 })]);
        }
        self.command("/actions", &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }));
    }

    /// The pixels of the window.
    fn screenshot(&self) -> (u32, Vec<[u8; 3]>) {
        let text = self.ask("GET", &format!("/session/{}/screenshot", self.session), &Value::Null);
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let channels = info.color_type.samples();
        (info.width, pixels.chunks_exact(channels).map(|p| [p[0], p[1], p[2]]).collect())
    }

    fn log(&self, kind: &str) -> Value {
        self.command("/se/log", &json!({ "type": kind }))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", &format!("/session/{}", self.session), &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A bump that goes from left to right, 5 frames, written as a page.
fn write_page(name: &str) -> String {
    let folder = folder(name);
    let (table, page) = (path(&folder, "frames.csv"), path(&folder, "frames.html"));
    let mut text = "x,y,n,t\n".to_owned();
    for t in 0..5 {
        for at in 0..20 * 12 {
            let (x, y) = (at % 20, at / 20);
            let far = f64::from(x - 2 - 4 * t).powi(2) + f64::from(y - 6).powi(2);
            text += &format!("{x},{y},{},{t}\n", 100.0 * (-0.1 * far).exp());
        }
    }
    std::fs::write(&table, text).unwrap();
    let options = ["--weights", "n", "--bins", "20,12", "--bounds", "-0.5,19.5,-0.5,11.5", "--frame-column", "t"];
    let look = [
        "--fps",
        "20",
        "--title",
        "Step {name}",
        "--colormap",
        "#000,#fff",
        "--size",
        "800x600",
        "--limits",
        "range:0,1",
    ];
    let out = densitas(&[&["heatmap", &table, "-o", &page][..], &options, &look].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    page
}

/// Catches: a script that fails, values that do not come back, a button without effect, anything fetched.
#[test]
fn a_page_plays_shows_values_and_fetches_nothing() {
    let page = write_page("page");
    let Some(browser) = Browser::start() else { return };
    let address = format!("file://{}", Path::new(&page).canonicalize().unwrap().display());
    browser.command("/url", &json!({ "url": address }));
    browser.wait("document.body.dataset.frame === '0'");
    let (width, first) = browser.screenshot();
    let bright = |pixels: &[[u8; 3]]| {
        // Of the black map alone: the page is white.
        let rows: Vec<_> = pixels.chunks_exact(width as usize).skip(80).take(300).collect();
        let of = |from: usize, to: usize| {
            rows.iter().flat_map(|r| &r[from..to]).filter(|p| p[0] > 100 && p[0] < 250).count()
        };
        (of(90, 350), of(400, 660))
    };
    let (left, right) = bright(&first);
    assert!(left > 500 && right < left / 4, "frame 0: {left} {right}");
    // The value under the pointer, in the middle of cell (2, 6).
    let canvas = browser.run("(r => [r.left, r.top])(document.getElementById('stage').getBoundingClientRect())");
    assert_eq!(canvas[0].as_f64().map(f64::is_finite), Some(true));
    let peak = (0..first.len()).filter(|at| at % (width as usize) < 660).filter(|at| {
        let (x, y) = (at % width as usize, at / width as usize);
        first[*at] == [255; 3] && x > 100 && y > 100 && first[at - 40][0] < 250 && first[at + 40][0] < 250
    });
    let peak: Vec<usize> = peak.collect();
    let middle = peak[peak.len() / 2];
    browser.point((middle % width as usize) as f64, (middle / width as usize) as f64, false);
    browser.wait("document.getElementById('tip').style.visibility === 'visible'");
    let tip = browser.run("document.getElementById('tip').textContent");
    assert!(tip.as_str().unwrap().contains("counts: 100"), "{tip}");
    // A click on play goes on by itself, a second one stops.
    let button = browser.run(
        "(r => [r.left + r.width / 2, r.top + r.height / 2])(document.getElementById('play').getBoundingClientRect())",
    );
    let [x, y] = [0, 1].map(|i| button[i].as_f64().unwrap());
    browser.point(x, y, true);
    browser.wait("document.body.dataset.frame === '4'");
    browser.point(x, y, true);
    let stopped = browser.run("document.body.dataset.frame");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(browser.run("document.body.dataset.frame"), stopped);
    browser.run("(s => { s.value = 4; s.dispatchEvent(new Event('input')); })(document.getElementById('slider'))");
    browser.wait("document.body.dataset.frame === '4' && document.getElementById('name').textContent === '4'");
    let (left, right) = bright(&browser.screenshot().1);
    assert!(right > 500 && left < right / 4, "frame 4: {left} {right}");
    assert_eq!(browser.log("browser"), json!([]), "the page complains");
    let network = browser.log("performance").to_string();
    assert!(
        network.contains("Network.requestWillBeSent") && !network.contains("http:") && !network.contains("https:"),
        "{network}"
    );
}
