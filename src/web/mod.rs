//! The pages: guards, forms and answers. No rule is decided here.

use rocket::figment::Figment;
use rocket::{Build, Rocket, catchers, routes};

use crate::portal::Portal;

mod about;
mod assets;
mod captcha;
mod compression;
mod contact;
mod cookies;
mod demo;
mod disavow;
mod entrance;
mod errors;
mod form;
mod guards;
mod headers;
mod health;
mod help;
mod home;
mod identifier;
mod identity_form;
mod language;
mod log;
mod origins;
mod page;
mod posted;
mod recovery;
mod sign_in;
mod throttle;
mod voter;
mod webhooks;
mod wrong_codes;

/// The whole site, ready to be launched or tested.
pub fn rocket(portal: Portal, figment: Figment) -> Rocket<Build> {
    let demo = if portal.settings.is_demo() { routes![demo::messages, demo::parts] } else { routes![] };
    let throttle = throttle::Throttle::new(&portal.settings.throttle);
    let headers = headers::Headers::new(&portal.settings);
    rocket::custom(figment)
        .attach(assets::fairing())
        .attach(contact::at_start())
        .attach(contact::meanwhile())
        .attach(log::Log)
        .attach(entrance::Entrance)
        .attach(headers.clone())
        .attach(compression::Compression)
        .manage(headers)
        .manage(throttle)
        .manage(origins::Origins::default())
        .manage(wrong_codes::WrongCodes::default())
        .manage(portal)
        .mount(
            "/",
            routes![
                home::home,
                help::help,
                about::legal,
                about::data,
                about::accessibility,
                about::cookie_list,
                language::choose,
                assets::file,
                captcha::file,
                health::live,
                health::ready,
                health::metrics
            ],
        )
        .mount(
            "/",
            routes![
                sign_in::address_page,
                sign_in::address,
                sign_in::password_page,
                sign_in::password,
                sign_in::waiting,
                sign_in::extend,
                sign_in::sign_out,
            ],
        )
        .mount(
            "/",
            routes![
                recovery::ask_page,
                recovery::typed,
                recovery::confirm_page,
                recovery::confirm,
                recovery::sent,
                recovery::link_page,
                recovery::link,
                recovery::waiting,
                recovery::changed,
            ],
        )
        .mount("/", routes![voter::home, identifier::page, identifier::submit, voter::follow])
        .mount("/", routes![disavow::confirm, disavow::freeze])
        .mount("/", routes![webhooks::receipt])
        .mount("/", demo)
        .register("/", catchers![errors::signed_out, errors::other])
}
