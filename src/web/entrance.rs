//! What a request must be before any page sees it; and in which ways a page can be asked for.

use std::collections::BTreeSet;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{HeaderMap, Method};
use rocket::{Data, Request, uri};

pub struct Entrance;

#[derive(Clone, Copy)]
struct Refused(bool);

#[rocket::async_trait]
impl Fairing for Entrance {
    fn info(&self) -> Info {
        Info { name: "entrance", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // Only what came over a connection has a host to name.
        let refused = request.remote().is_some() && !is_sound(request.headers());
        if request.local_cache(|| Refused(refused)).0 {
            // A fairing can't answer: no page is here, and the catcher tells why.
            request.set_uri(uri!("/-"));
        }
    }
}

/// Whether a request was turned away here; its connection is closed, since nobody knows where its body ends.
pub fn has_refused(request: &Request<'_>) -> bool {
    request.local_cache(|| Refused(false)).0
}

/// RFC 9112: one host (3.2), and no doubt about a body's end (6.3). Browsers and proxies tell its length; hyper takes a
/// length away that comes with pieces, so that only the pieces are left to be seen.
fn is_sound(headers: &HeaderMap<'_>) -> bool {
    let mut hosts = headers.get("Host");
    let has_one_host = hosts.next().is_some_and(|host| !host.is_empty()) && hosts.next().is_none();
    has_one_host && !headers.contains("Transfer-Encoding")
}

/// In which ways the page of an address can be asked for, as `Allow` tells it; nothing if there is no page, or if this is
/// one of them.
pub fn allowed(request: &Request<'_>) -> Option<String> {
    let path = request.uri().path().as_str();
    let mut methods = BTreeSet::new();
    for route in request.rocket().routes().filter(|route| leads_to(route.uri.path(), path)) {
        methods.insert(route.method.as_str());
        if route.method == Method::Get {
            methods.insert(Method::Head.as_str());
        }
    }
    let is_one = methods.contains(request.method().as_str());
    (!methods.is_empty() && !is_one).then(|| methods.into_iter().collect::<Vec<_>>().join(", "))
}

fn leads_to(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(path).all(|(wanted, is)| wanted.starts_with('<') || *wanted == is)
}

#[cfg(test)]
mod tests {
    use rocket::http::Header;

    use super::*;

    #[test]
    fn a_request_names_one_host_and_the_length_of_its_body() {
        for (headers, sound) in [
            (vec![], false),
            (vec![("Host", "localhost")], true),
            (vec![("Host", "")], false),
            (vec![("Host", "localhost"), ("Host", "localhost")], false),
            (vec![("Host", "localhost"), ("Content-Length", "3")], true),
            (vec![("Host", "localhost"), ("Transfer-Encoding", "chunked")], false),
            (vec![("Host", "localhost"), ("Content-Length", "3"), ("Transfer-Encoding", "chunked")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.add(Header::new(*name, *value));
            }
            assert_eq!(is_sound(&map), sound, "{headers:?}");
        }
    }

    #[test]
    fn a_route_leads_to_the_paths_of_its_shape() {
        for (route, path, leads) in [
            ("/", "/", true),
            ("/aide", "/aide", true),
            ("/aide", "/", false),
            ("/aide", "/aide/", false),
            ("/captcha/<file>", "/captcha/x.png", true),
            ("/captcha/<file>", "/captcha", false),
            ("/captcha/<file>", "/captcha/x/y", false),
            ("/mot-de-passe/nouveau/<token>/attente", "/mot-de-passe/nouveau/x/attente", true),
        ] {
            assert_eq!(leads_to(route, path), leads, "{route} {path}");
        }
    }
}
