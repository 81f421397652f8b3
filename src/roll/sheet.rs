//! How a file of lines is written: its separator, its encoding, the names of its columns. No I/O.

use encoding_rs::WINDOWS_1252;

/// A CSV file, as its header tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// It says that it is UTF-8. Without that, a line that is not UTF-8 is Windows-1252: files are also made by
    /// putting two together.
    has_bom: bool,
    separator: u8,
    names: Vec<String>,
}

impl Sheet {
    /// Reads the first line of a file.
    ///
    /// # Errors
    /// A French sentence that says why it is unreadable.
    pub fn read(header: &[u8]) -> Result<Self, String> {
        if header.starts_with(&[0xff, 0xfe]) || header.starts_with(&[0xfe, 0xff]) {
            return Err("le fichier est en UTF-16 : enregistrez-le au format « CSV UTF-8 »".into());
        }
        let bare = header.strip_prefix(b"\xef\xbb\xbf");
        let has_bom = bare.is_some();
        let header = bare.unwrap_or(header);
        let header = header.strip_suffix(b"\r").unwrap_or(header);
        if header.contains(&b'\r') {
            return Err(
                "les fins de ligne sont celles des anciens Mac : enregistrez le fichier au format « CSV UTF-8 »".into(),
            );
        }
        let count = |separator: u8| header.iter().filter(|&&byte| byte == separator).count();
        let separator = if count(b';') >= count(b',') { b';' } else { b',' };
        let fields = fields(header, separator, has_bom).ok_or("l’en-tête est illisible")?;
        Ok(Self { has_bom, separator, names: fields.iter().map(|name| fold(name)).collect() })
    }

    /// Where a column stands, if it is there.
    ///
    /// # Errors
    /// A French sentence: it is there twice.
    pub fn place(&self, name: &str) -> Result<Option<usize>, String> {
        let mut places = self.names.iter().enumerate().filter(|(_, found)| *found == name).map(|(at, _)| at);
        match (places.next(), places.next()) {
            (_, Some(_)) => Err(format!("la colonne « {name} » apparaît deux fois dans l’en-tête")),
            (place, None) => Ok(place),
        }
    }

    /// The fields of one line (without its line break), as many as the header has. A blank line is nothing.
    pub fn fields(&self, bytes: &[u8]) -> Option<Result<Vec<String>, &'static str>> {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == self.separator) {
            return None;
        }
        Some(match fields(bytes, self.separator, self.has_bom) {
            None => Err("guillemets non fermés"),
            Some(fields) if fields.len() != self.names.len() => Err("nombre de colonnes différent de l’en-tête"),
            Some(fields) => Ok(fields),
        })
    }
}

/// The fields of one line, or nothing when a quote stays open.
fn fields(line: &[u8], separator: u8, has_bom: bool) -> Option<Vec<String>> {
    if line.iter().filter(|&&byte| byte == b'"').count() % 2 == 1 {
        return None;
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(line.len().max(1))
        .from_reader(line);
    let mut record = csv::ByteRecord::new();
    reader.read_byte_record(&mut record).ok()?;
    let is_utf8 = has_bom || std::str::from_utf8(line).is_ok();
    let decode = |field: &[u8]| {
        if is_utf8 {
            String::from_utf8_lossy(field).into_owned()
        } else {
            WINDOWS_1252.decode_without_bom_handling(field).0.into_owned()
        }
    };
    Some(record.iter().map(decode).collect())
}

/// Header names without case, accents and surrounding spaces: `Prénoms` is `prenoms`.
fn fold(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.trim().nfd().filter(char::is_ascii).collect::<String>().to_ascii_lowercase().replace([' ', '-'], "_")
}
