//! Any text as a web server's listing: no panic, and nothing outside of the folder.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::source::http::listing;
use url::Url;

fuzz_target!(|html: &str| {
    let Ok(page) = Url::parse("http://h.example.com/case/") else { return };
    let found = listing::parse(html, &page, &page);
    for url in found.archives.iter().chain(&found.folders) {
        assert!(url.as_str().starts_with("http://h.example.com/case/"), "{url}");
    }
});
