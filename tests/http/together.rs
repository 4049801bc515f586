//! How many archives are open at once.

use super::server::{Server, file, response};
use super::{CASE, same_as_whole};
use std::fs;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long one that came first waits for the others.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time for one too many to come.
const MOMENT: Duration = Duration::from_millis(250);

/// Requests that wait for their answers now, and at most.
#[derive(Default)]
struct Waiting {
    count: Mutex<(usize, usize)>,
    came: Condvar,
}

impl Waiting {
    /// Holds a request until `wanted` have waited together.
    fn hold(&self, wanted: usize) {
        let mut count = self.count.lock().unwrap();
        count.0 += 1;
        count.1 = count.1.max(count.0);
        self.came.notify_all();
        let (count, _) = self.came.wait_timeout_while(count, PATIENCE, |count| count.1 < wanted).unwrap();
        drop(count);
        std::thread::sleep(MOMENT);
        self.count.lock().unwrap().0 -= 1;
    }
}

#[test]
fn as_many_archives_are_open_at_once_as_there_are_threads_and_no_more() {
    let names: Vec<String> = fs::read_dir(CASE.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    for threads in [1, 2] {
        let waiting = Arc::new(Waiting::default());
        let held = Arc::clone(&waiting);
        let server = Server::new(move |asked, _| match fs::read(CASE.folder().join(&asked.path[1..])) {
            Ok(bytes) => {
                held.hold(threads);
                file(asked, &bytes, "")
            }
            Err(_) => response("404 No", "Content-Length: 0\r\n", b""),
        });
        let run = CASE.run().words(&format!("--threads {threads} --sosreport"));
        same_as_whole(names.iter().fold(run, |run, name| run.arg(server.url(&format!("/{name}")))));
        assert_eq!(server.asked().len(), names.len());
        assert_eq!(waiting.count.lock().unwrap().1, threads);
    }
}
