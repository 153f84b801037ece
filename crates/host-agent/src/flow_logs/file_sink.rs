//! Log streams as files: `<folder>/<account>/<region>/<group>/<stream>.log`.

use contracts::seams::{LogLine, LogSink};
use state_store::typed::Scope;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a stream's file before it makes room for a new one; the one before it is kept as `.log.1`.
const FILE_LIMIT: u64 = 8 << 20;
/// Streams of one group.
const STREAMS: usize = 20_000;

/// Log streams in a folder. A stream takes at most twice [`FILE_LIMIT`].
pub(crate) struct FileLogs {
    folder: PathBuf,
    limit: u64,
}

impl FileLogs {
    /// Logs under this folder, which is made at the first line.
    pub(crate) fn new(folder: PathBuf) -> FileLogs {
        FileLogs { folder, limit: FILE_LIMIT }
    }

    fn group(&self, scope: &Scope, group: &str) -> PathBuf {
        self.folder.join(plain(&scope.account)).join(plain(&scope.region)).join(plain(group))
    }
}

/// A name as one component of a path: whatever could lead elsewhere is written as its code.
fn plain(name: &str) -> String {
    let dots = name.starts_with('.');
    let mut out = String::with_capacity(name.len());
    for (at, letter) in name.char_indices() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '#' => out.push(letter),
            '.' if at > 0 || !dots => out.push('.'),
            other => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        }
    }
    out
}

impl LogSink for FileLogs {
    fn append(&self, scope: &Scope, group: &str, stream: &str, lines: &[LogLine]) -> io::Result<()> {
        let folder = self.group(scope, group);
        let path = folder.join(format!("{}.log", plain(stream)));
        let mut file = self.open(&folder, &path)?;
        let text: String = lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
        file.write_all(text.as_bytes())
    }
}

impl FileLogs {
    fn open(&self, folder: &Path, path: &Path) -> io::Result<File> {
        match fs::metadata(path) {
            Ok(known) if known.len() >= self.limit => fs::rename(path, path.with_extension("log.1"))?,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                if fs::read_dir(folder)?.count() >= STREAMS {
                    return Err(io::Error::other("the log group has too many streams"));
                }
            }
            Err(error) => return Err(error),
        }
        OpenOptions::new().create(true).append(true).open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<LogLine> {
        texts.iter().map(|text| LogLine { time: 0, text: (*text).to_owned() }).collect()
    }

    #[test]
    fn lines_are_appended_and_old_files_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let logs = FileLogs { limit: 8, ..FileLogs::new(folder.path().to_owned()) };
        let scope = Scope::new("000000000000", "us-east-1");
        for text in ["first", "second", "third"] {
            logs.append(&scope, "/vpc/flows", "eni-1-all", &lines(&[text])).unwrap();
        }
        let group = folder.path().join("000000000000/us-east-1/%2Fvpc%2Fflows");
        assert_eq!(fs::read_to_string(group.join("eni-1-all.log.1")).unwrap(), "first\nsecond\n");
        assert_eq!(fs::read_to_string(group.join("eni-1-all.log")).unwrap(), "third\n");
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, expected) in [
            ("..", "%2E."),
            (".", "%2E"),
            ("a/../b", "a%2F..%2Fb"),
            ("ä", "%C3%A4"),
            ("a.b", "a.b"),
            ("\0", "%00"),
        ] {
            assert_eq!(plain(name), expected);
        }
    }
}
