//! Folder listings of web servers: a page in, the archives and folders that it links to out.
//!
//! Apache, nginx, python's http.server and plain lists of links are all `<a href=...>`; what stands around them does
//! not matter. A link that leads out of the folder is not followed.

use url::Url;

/// What a page links to, each once and in the order of the names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Archives in the folder.
    pub archives: Vec<Url>,
    /// Folders in it.
    pub folders: Vec<Url>,
    /// All else in it.
    pub files: Vec<Url>,
    /// Links to archives that lie outside of it.
    pub outside: usize,
}

/// Reads a page that came from `page`; `folder` is the folder that links must stay in, with a slash at its end.
pub fn parse(html: &str, page: &Url, folder: &Url) -> Listing {
    let mut listing = Listing::default();
    for link in links(html) {
        let Ok(mut url) = page.join(&link) else { continue };
        url.set_fragment(None);
        let archive = is_archive(&url);
        if !is_inside(&url, folder) || url.path() == folder.path() {
            listing.outside += usize::from(archive);
        } else if archive {
            listing.archives.push(url);
        } else if url.path().ends_with('/') {
            listing.folders.push(url);
        } else {
            listing.files.push(url);
        }
    }
    for urls in [&mut listing.archives, &mut listing.folders, &mut listing.files] {
        urls.sort();
        urls.dedup();
    }
    listing
}

/// Whether a URL is that of `folder`, which has a slash at its end, or of what lies in it.
pub fn is_inside(url: &Url, folder: &Url) -> bool {
    url.origin() == folder.origin()
        && url.path().starts_with(folder.path())
        // a server that decodes twice would take it for a way up
        && !super::super::sos::member::leads_out(decoded(&url.path()[1..]).trim_start_matches('/'))
}

/// Whether the path of a URL is that of an archive; a query does not count.
pub fn is_archive(url: &Url) -> bool {
    super::super::sos::member::is_archive_name(&decoded(url.path()))
}

/// Percent-encoding taken off; bytes that are no UTF-8 are replaced.
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

// the values of href in <a ...>, quoted in any way or not at all
fn links(html: &str) -> Vec<String> {
    // letters keep their places
    let lower = html.to_ascii_lowercase();
    let mut links = Vec::new();
    let mut at = 0;
    while let Some(found) = lower[at..].find("<a") {
        let start = at + found + 2;
        let end = lower[start..].find('>').map_or(lower.len(), |n| start + n);
        at = end;
        if !lower[start..].starts_with(|c: char| c.is_ascii_whitespace()) {
            continue;
        }
        let Some(href) = lower[start..end].find("href") else { continue };
        let value = html[start + href + 4..end].trim_start();
        let Some(value) = value.strip_prefix('=').map(str::trim_start) else { continue };
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value.split_ascii_whitespace().next(),
        };
        links.extend(value.map(without_entities));
    }
    links
}

fn without_entities(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        // no further: a page may have as many & as it likes
        let end = rest.bytes().take(9).position(|byte| byte == b';');
        let character = end.and_then(|end| entity(&rest[1..end]));
        match (end, character) {
            (Some(end), Some(character)) => {
                plain.push(character);
                rest = &rest[end + 1..];
            }
            _ => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
            char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Listing {
        let page = Url::parse("http://h.example.com/runs/1/").unwrap();
        parse(html, &page, &page)
    }

    fn paths(urls: &[Url]) -> Vec<&str> {
        urls.iter().map(Url::path).collect()
    }

    #[test]
    fn listings_of_usual_servers_are_read() {
        let apache = "<tr><th><a href=\"?C=N;O=D\">Name</a></th></tr><td><a href=\"/runs/\">Parent Directory</a></td>\
            <td><a href=\"sosreport-a%2Bb.tar.xz\">sosreport-a+b..&gt;</a></td><td><a href=\"sub/\">sub/</a></td>";
        assert_eq!(paths(&of(apache).archives), ["/runs/1/sosreport-a%2Bb.tar.xz"]);
        assert_eq!(paths(&of(apache).folders), ["/runs/1/sub/"]);
        let nginx =
            "<pre><a href=\"../\">../</a>\n<a href=\"s.tar.gz\">s.tar.gz</a>  04-Apr-2026 10:00  123\n</pre>";
        assert_eq!(paths(&of(nginx).archives), ["/runs/1/s.tar.gz"]);
        let plain =
            "<A class=x HREF='/runs/1/s.tgz?a=1&amp;b=2'>s</A> <a href=t.tar>t</a> <abbr href=\"u.tar\">";
        assert_eq!(paths(&of(plain).archives), ["/runs/1/s.tgz", "/runs/1/t.tar"]);
        assert_eq!(of(plain).archives[0].query(), Some("a=1&b=2"));
    }

    #[test]
    fn links_that_lead_out_are_counted_and_not_followed() {
        let out = "<a href=\"../2/s.tar\"> <a href=\"//evil.example.com/runs/1/s.tar\"> <a href=\"%2e%2e/s.tar\">\
            <a href=\"..%2f..%2fs.tar\"> <a href=\"http://h.example.com:81/runs/1/s.tar\"> <a href=\"mailto:x\">";
        let listing = of(out);
        assert_eq!((listing.archives.len(), listing.folders.len(), listing.outside), (0, 0, 5));
    }

    #[test]
    fn pages_of_very_many_links_are_read_in_time() {
        let began = std::time::Instant::now();
        let links = |ending: &str| -> String {
            (0..200_000).rev().map(|n| format!("<a href=\"{n:06}{ending}\">x</a>")).collect()
        };
        for ending in [".tar.xz", "/", ".txt"] {
            let listing = of(&links(ending).repeat(2));
            let found = [listing.archives, listing.folders, listing.files].concat();
            assert_eq!(found.len(), 200_000, "{ending}");
            assert_eq!(found[199_999].path(), format!("/runs/1/199999{ending}"));
        }
        // no entity ends in it
        assert_eq!(of(&format!("<a href=\"{}\">", "&".repeat(8 << 20))).files.len(), 1);
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    }

    #[test]
    fn odd_pages_are_no_danger() {
        for page in
            ["<a", "<a ", "<a href", "<a href=", "<a href=\"", "<a href='>", "&#x110000;", "<a href=&#1;%zz>"]
        {
            assert_eq!(of(page).archives.len(), 0, "{page}");
        }
        assert_eq!(decoded("a%2"), "a%2");
        assert_eq!(decoded("a%+fb"), "a%+fb");
        assert_eq!(decoded("%C3%A9%é"), "é%é");
    }
}
