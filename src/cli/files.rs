//! The files that commands are given: opened, told apart, and named when something is wrong with them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek as _};
use std::path::{Path, PathBuf};

use guichet::private;
use guichet::values::{Chance, Token};

use super::Stop;

/// A file as people name it: `-` is standard input.
const STANDARD_INPUT: &str = "-";

/// Opens a file to be read as often as wanted. A pipe or standard input can be read once only: it is copied first.
pub fn open(path: &Path) -> Result<File, Stop> {
    if path == Path::new(STANDARD_INPUT) {
        return copied(io::stdin().lock(), path);
    }
    let kind = fs::metadata(path).map_err(|error| at_fault(path, &error))?.file_type();
    if kind.is_dir() {
        return Err(Stop::Refused(format!("{} : c’est un dossier, donnez le fichier lui-même", path.display())));
    }
    let file = File::open(path).map_err(|error| at_fault(path, &error))?;
    if kind.is_file() { Ok(file) } else { copied(file, path) }
}

/// Reads a small file whole, as text.
pub fn text(path: &Path) -> Result<String, Stop> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|error| at_fault(path, &error))?;
    String::from_utf8(bytes).map_err(|_| Stop::Refused(format!("{} : enregistrez ce fichier en UTF-8", path.display())))
}

/// A refusal that names the file.
pub fn at_fault(path: &Path, error: &io::Error) -> Stop {
    let why = match error.kind() {
        ErrorKind::NotFound => "ce fichier ou son dossier n’existe pas".to_owned(),
        ErrorKind::PermissionDenied => "ce compte n’en a pas le droit".to_owned(),
        ErrorKind::IsADirectory => "c’est un dossier, donnez le fichier lui-même".to_owned(),
        ErrorKind::NotADirectory => "un fichier se trouve là où il faudrait un dossier".to_owned(),
        ErrorKind::StorageFull => "le disque est plein".to_owned(),
        _ => error.to_string(),
    };
    Stop::Refused(format!("{} : {why}", path.display()))
}

/// Whether two names lead to one file, which may not exist yet.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let (one, other) = (place(one), place(other));
    one == other || is_one_inode(&one, &other)
}

/// Where a name leads, without `..` and links.
fn place(path: &Path) -> PathBuf {
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // A link to what doesn't exist yet can't be resolved by the system: it is followed by hand, but not in a circle.
    for _ in 0..8 {
        if let Ok(found) = path.canonicalize() {
            return found;
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { break };
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return folder.join(name),
        }
    }
    path
}

#[cfg(unix)]
fn is_one_inode(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((inode(one), inode(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(not(unix))]
fn is_one_inode(_: &Path, _: &Path) -> bool {
    false
}

/// A private copy, whose name is gone before anything is in it.
fn copied(mut from: impl Read, named: &Path) -> Result<File, Stop> {
    let path = std::env::temp_dir().join(format!("guichet-{}", Token::draw(&Chance::System).text()));
    let at_fault = |error: io::Error| at_fault(&path, &error);
    let mut copy = private::options().read(true).create_new(true).open(&path).map_err(at_fault)?;
    fs::remove_file(&path).map_err(at_fault)?;
    io::copy(&mut from, &mut copy).map_err(|error| self::at_fault(named, &error))?;
    copy.rewind().map_err(at_fault)?;
    Ok(copy)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn one_file_is_known_under_all_its_names() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("there"), "").unwrap();
        fs::hard_link(at("there"), at("hard")).unwrap();
        symlink(at("there"), at("soft")).unwrap();
        symlink("absent", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        for (one, other, is_one) in [
            ("there", "there", true),
            ("there", "hard", true),
            ("there", "soft", true),
            ("sub/../there", "there", true),
            ("absent", "absent", true),
            ("absent", "sub/../absent", true),
            ("absent", "dangling", true),
            ("absent", "there", false),
            ("absent", "sub/absent", false),
            ("circle", "absent", false),
        ] {
            assert_eq!(is_same(&at(one), &at(other)), is_one, "{one} {other}");
        }
    }
}
