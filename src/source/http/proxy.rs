//! Proxies of the environment: a URL in, the proxy that it is asked for through out.
//!
//! The variables are those of curl, and HTTP_PROXY, which it leaves to CGI. HTTP proxies alone are spoken to; a variable that
//! names anything else is an error.

use super::error::HttpError;
use ureq::{Proxy, ProxyProtocol};
use url::Url;

/// What serves `https:`, the first that is set. An empty one is not set.
const FOR_HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// What serves `http:`.
const FOR_HTTP: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
/// Hosts that are asked directly.
const FOR_NONE: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The proxy through which a URL is asked for; none: directly.
///
/// # Errors
/// The variable that serves it names no proxy that can be used.
pub fn for_url(url: &Url) -> Result<Option<Proxy>, HttpError> {
    chosen(url, &|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
}

/// As shown to people: without a user and password.
pub fn shown(proxy: &Proxy) -> String {
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    format!("{scheme}://{}:{}", proxy.host(), proxy.port())
}

fn chosen(url: &Url, environment: &dyn Fn(&str) -> Option<String>) -> Result<Option<Proxy>, HttpError> {
    let set = |name: &'static str| {
        let value = environment(name)?.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    };
    let names = if url.scheme() == "https" { FOR_HTTPS } else { FOR_HTTP };
    let Some((variable, value)) = names.into_iter().find_map(set) else { return Ok(None) };
    if FOR_NONE.into_iter().find_map(set).is_some_and(|(_, hosts)| is_among(url, &hosts)) {
        return Ok(None);
    }
    parsed(&value).map(Some).map_err(|why| {
        // what cannot be parsed may hold a password anywhere in front of its host
        let value = value.rsplit('@').next().unwrap_or_default().to_owned();
        HttpError::ProxyVariable { variable, value, why }
    })
}

// `example.com` and the hosts below it, `.example.com`, `10.0.*`, `*`
fn is_among(url: &Url, hosts: &str) -> bool {
    let Ok(uri) = url.as_str().parse::<ureq::http::Uri>() else { return false };
    let mut proxy = Proxy::builder(ProxyProtocol::Http);
    for host in hosts.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        proxy = proxy.no_proxy(host).no_proxy(&format!(".{host}"));
    }
    proxy.build().is_ok_and(|proxy| proxy.is_no_proxy(&uri))
}

fn parsed(value: &str) -> Result<Proxy, &'static str> {
    let no_url = "is no URL of a proxy";
    let text = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(&text).map_err(|_| no_url)?;
    match url.scheme() {
        "http" | "https" => Proxy::new(url.as_str()).map_err(|_| no_url),
        scheme if scheme.starts_with("socks") => Err("is a SOCKS proxy, which is not spoken to"),
        _ => Err(no_url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // the proxy as it is shown, or what is wrong
    fn of(url: &str, environment: &[(&str, &str)]) -> String {
        let value = |name: &str| {
            let set = environment.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        match chosen(&Url::parse(url).unwrap(), &value) {
            Ok(proxy) => proxy.as_ref().map_or_else(|| "none".to_owned(), shown),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_scheme_has_its_variable_and_what_has_none_takes_the_one_for_all() {
        let all = [("ALL_PROXY", "http://all:3"), ("HTTPS_PROXY", "http://s:1"), ("HTTP_PROXY", "p:2")];
        assert_eq!(of("https://a.example.com/", &all), "http://s:1");
        assert_eq!(of("http://a.example.com/", &all), "http://p:2");
        assert_eq!(of("http://a.example.com/", &all[..2]), "http://all:3");
        assert_eq!(of("https://a.example.com/", &all[..1]), "http://all:3");
        assert_eq!(of("https://a.example.com/", &all[2..]), "none");
        assert_eq!(of("http://a.example.com/", &[]), "none");
        let small = [("HTTP_PROXY", "http://big:1"), ("http_proxy", "https://me:secret@small"), all[0]];
        assert_eq!(of("http://a.example.com/", &small), "https://small:443");
        let empty = [("http_proxy", " "), ("HTTP_PROXY", ""), ("all_proxy", "http://10.0.0.1:8080/")];
        assert_eq!(of("http://a.example.com/", &empty), "http://10.0.0.1:8080");
    }

    #[test]
    fn no_proxy_names_hosts_and_those_below_them() {
        let proxy = ("ALL_PROXY", "http://proxy:3128");
        let of = |url: &str, hosts: &str| of(url, &[proxy, ("NO_PROXY", hosts)]) == "none";
        for hosts in ["example.com", "x, a.example.com", ".example.com", "*.example.com", "a.*", "*"] {
            assert!(of("https://a.example.com:8443/x", hosts), "{hosts}");
        }
        for hosts in ["", ",", "ample.com", "b.example.com", "example.com.net", ".a.example.com"] {
            assert!(!of("https://a.example.com/", hosts), "{hosts}");
        }
        assert!(of("http://127.0.0.1:80/", "localhost,127.0.0.1"));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_by_its_variable_where_it_would_be() {
        for (value, words) in [
            ("socks5://127.0.0.1:1080", "ALL_PROXY (socks5://127.0.0.1:1080) is a SOCKS proxy"),
            ("SOCKS5H://me:secret@proxy:1080", "ALL_PROXY (proxy:1080) is a SOCKS proxy"),
            ("http://me:sec#ret@proxy:3128", "ALL_PROXY (proxy:3128) is no URL of a proxy: "),
            ("ftp://proxy", "ALL_PROXY (ftp://proxy) is no URL of a proxy: "),
            ("proxy:port", "ALL_PROXY (proxy:port) is no URL of a proxy: "),
            ("http://", "ALL_PROXY (http://) is no URL of a proxy: "),
        ] {
            let told = of("http://a.example.com/", &[("ALL_PROXY", value)]);
            assert!(told.starts_with(words) && told.contains("NO_PROXY"), "{value}: {told}");
            assert!(!told.contains("sec"), "{told}");
            let beside = [("ALL_PROXY", value), ("HTTP_PROXY", "http://proxy:3128")];
            assert_eq!(of("http://a.example.com/", &beside), "http://proxy:3128");
            let direct = [("ALL_PROXY", value), ("NO_PROXY", "example.com")];
            assert_eq!(of("http://a.example.com/", &direct), "none");
        }
    }
}
