//! Debian's chromium, where it is installed, by its own DevTools protocol over a pipe: real keys, other screens, scripts.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A browser that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// What every start of it needs.
pub const OPTIONS: [&str; 5] = [
    "--headless=new",
    "--disable-gpu",
    "--no-first-run",
    "--enable-logging=stderr",
    "--disable-dev-shm-usage",
];

/// The program; none where it is not there.
pub fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser"];
    std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name))).find(|p| p.is_file())
}

/// Ends a browser and whatever it left behind in its own group.
pub fn end(child: &mut Child) {
    if let Some(group) = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}

/// A browser with one empty page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    loads: u64,
    /// What the page said on its console, and what it failed at.
    pub console: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // it reads commands from 3 and answers on 4
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"]).arg(program).args(OPTIONS);
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        command.arg("--remote-debugging-pipe").arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg("about:blank").stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(fs::File::create(profile.path().join("told")).unwrap());
        let mut child = command.process_group(0).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (send, receive) = channel();
        std::thread::spawn(move || {
            for message in from.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { break };
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let (from, console) = (receive, Vec::new());
        let mut browser =
            Self { child, to, from, calls: 0, session: None, loads: 0, console, _profile: profile };
        let page = browser.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": page, "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// A command of the protocol, and its result.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.to.flush().unwrap();
        loop {
            let answer = self.next(method);
            if answer["id"] == self.calls {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    #[track_caller]
    fn next(&mut self, waiting_for: &str) -> Value {
        let told = self.from.recv_timeout(PATIENCE);
        let message = told.unwrap_or_else(|e| panic!("{waiting_for}: chromium says nothing: {e}"));
        match message["method"].as_str() {
            Some("Page.loadEventFired") => self.loads += 1,
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.console.push(message["params"].to_string());
            }
            _ => {}
        }
        message
    }

    /// Opens a file, and waits until it has loaded.
    #[track_caller]
    pub fn open(&mut self, path: &Path) {
        let before = self.loads;
        self.call("Page.navigate", json!({ "url": format!("file://{}", path.display()) }));
        while self.loads == before {
            self.next("a page");
        }
    }

    /// The value of a script, or of what it promises.
    #[track_caller]
    pub fn tell(&mut self, script: &str) -> Value {
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let told = self.call("Runtime.evaluate", asked);
        assert!(told["exceptionDetails"].is_null(), "{:#}", told["exceptionDetails"]);
        told["result"]["value"].clone()
    }

    /// A screen so wide, light or dark, that moves nothing by itself.
    pub fn screen(&mut self, width: u32, theme: &str) {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let features = json!([
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" }
        ]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Presses a key and lets it go.
    #[track_caller]
    pub fn press(&mut self, key: &str) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            " " => ("Space", 32, " "),
            "Escape" => ("Escape", 27, ""),
            _ => panic!("no such key here: {key}"),
        };
        let mut event = json!({ "key": key, "code": code, "windowsVirtualKeyCode": number });
        event["type"] = if text.is_empty() { "rawKeyDown" } else { "keyDown" }.into();
        event["text"] = text.into();
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        event["text"] = "".into();
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Writes words into what has the focus.
    pub fn write(&mut self, words: &str) {
        self.call("Input.insertText", json!({ "text": words }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
