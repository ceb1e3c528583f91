//! Settings of files.

use std::path::PathBuf;
use std::time::Duration;

use platform::settings::{Secret, Setting, Settings};

/// Files: where they are kept, and what they may cost.
#[derive(Clone, Debug)]
pub struct FilesConfig {
    /// Where they are kept.
    pub location: Location,
    /// How a bucket is reached.
    pub s3: S3Config,
    /// What signed addresses are computed with.
    pub signing_secret: Secret,
    /// Where uploads wait until they are whole.
    pub spool_dir: PathBuf,
    /// How long an upload may take, its wait for a turn included.
    pub upload_deadline: Duration,
    /// How long an upload may bring nothing.
    pub upload_stall: Duration,
    /// Uploads read at once.
    pub parallel_uploads: usize,
    /// Uploads of one user read at once; others of theirs wait.
    pub parallel_uploads_per_user: usize,
    /// Uploads that wait for a turn.
    pub waiting_uploads: usize,
    /// Bytes of one user's uploads that no message holds.
    pub unheld_bytes: u64,
    /// How long an upload waits for a message.
    pub unheld_life: Duration,
    /// How long the bytes of what was deleted are kept.
    pub grace: Duration,
    /// Pixels of a picture that is decoded.
    pub pixels: u64,
    /// Pictures worked on at once.
    pub picture_workers: usize,
    /// How long one picture may take, and wait for its turn.
    pub picture_deadline: Duration,
}

impl FilesConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            location: settings.get(
                "WARREN_FILES_LOCATION",
                "file:///var/lib/warren/files",
                "Where files are kept: a folder (`file:///…`) or a bucket (`s3://bucket`).",
            ),
            s3: S3Config::read(settings),
            signing_secret: settings.secret_file(
                "WARREN_FILES_SIGNING_SECRET_FILE",
                32,
                "The file with the secret that addresses of files are signed with, 32 bytes or more. \
                 The same for all processes.",
            ),
            spool_dir: settings.get(
                "WARREN_FILES_SPOOL_DIR",
                "/var/tmp",
                "A folder on a disk, where uploads wait until they are whole.",
            ),
            upload_deadline: settings.millis(
                "WARREN_FILES_UPLOAD_DEADLINE_MS",
                120_000,
                "How long an upload may take, its wait for a turn included, in milliseconds.",
            ),
            upload_stall: settings.millis(
                "WARREN_FILES_UPLOAD_STALL_MS",
                15_000,
                "How long an upload may bring nothing, in milliseconds.",
            ),
            parallel_uploads: settings.get(
                "WARREN_FILES_PARALLEL_UPLOADS",
                "64",
                "Uploads read at once; others wait.",
            ),
            parallel_uploads_per_user: settings.get(
                "WARREN_FILES_PARALLEL_UPLOADS_PER_USER",
                "4",
                "Uploads of one user read at once; others of theirs wait.",
            ),
            waiting_uploads: settings.get(
                "WARREN_FILES_WAITING_UPLOADS",
                "256",
                "Uploads that wait for a turn, at most; then 503.",
            ),
            unheld_bytes: settings.get(
                "WARREN_FILES_UNHELD_BYTES",
                "1073741824",
                "Bytes of one user's uploads that no message holds, at most; each counts as 64 KiB or more.",
            ),
            unheld_life: settings.millis(
                "WARREN_FILES_UNHELD_LIFE_MS",
                DAY_MS,
                "How long an upload waits for a message that holds it, in milliseconds (a day).",
            ),
            grace: settings.millis(
                "WARREN_FILES_GRACE_MS",
                DAY_MS,
                "How long the bytes of deleted files are kept, in milliseconds (a day). Nobody can read them.",
            ),
            pixels: settings.get(
                "WARREN_FILES_PIXELS",
                "40000000",
                "Pixels of a picture that is decoded; larger ones are downloads. Each takes up to 16 bytes of memory.",
            ),
            picture_workers: settings.get(
                "WARREN_FILES_PICTURE_WORKERS",
                "2",
                "Pictures worked on at once.",
            ),
            picture_deadline: settings.millis(
                "WARREN_FILES_PICTURE_DEADLINE_MS",
                20_000,
                "How long one picture may take, and wait for its turn, in milliseconds.",
            ),
        }
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// Below a folder of this machine, or of one that all processes share.
    Folder(PathBuf),
    /// In a bucket of a server that speaks S3.
    Bucket(String),
}

impl Setting for Location {
    fn parse(text: &str) -> Result<Self, String> {
        let folder = text
            .strip_prefix("file://")
            .filter(|path| path.starts_with('/'));
        let bucket = text
            .strip_prefix("s3://")
            .map(|name| name.trim_end_matches('/'));
        match (folder, bucket) {
            (Some(path), _) => Ok(Self::Folder(path.into())),
            (_, Some(name)) if !name.is_empty() && !name.contains('/') => {
                Ok(Self::Bucket(name.to_owned()))
            }
            _ => Err(format!(
                "{text:?} is neither file:///folder nor s3://bucket"
            )),
        }
    }
}

/// How a bucket is reached.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// Its server; Amazon's own if it is empty.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Who asks.
    pub access_key_id: String,
    /// What they prove themselves with.
    pub secret_key: Option<Secret>,
}

impl S3Config {
    fn read(settings: &mut Settings) -> Self {
        Self {
            endpoint: settings.get(
                "WARREN_FILES_S3_ENDPOINT",
                "",
                "The server of an `s3://` location, such as `https://s3.example.org`; Amazon's own if empty.",
            ),
            region: settings.get("WARREN_FILES_S3_REGION", "us-east-1", "Its region."),
            access_key_id: settings.get(
                "WARREN_FILES_S3_ACCESS_KEY_ID",
                "",
                "The access key; if empty, the machine's own role is asked for one.",
            ),
            secret_key: settings.optional_secret_file(
                "WARREN_FILES_S3_SECRET_KEY_FILE",
                "The file with the secret of the access key.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_folder_or_a_bucket() {
        let folder = Location::Folder("/var/lib/warren".into());
        assert_eq!(Location::parse("file:///var/lib/warren"), Ok(folder));
        assert_eq!(
            Location::parse("s3://warren/"),
            Ok(Location::Bucket("warren".to_owned()))
        );
        for bad in [
            "",
            "/var",
            "file://host/x",
            "s3://",
            "s3://a/b",
            "https://a",
        ] {
            assert!(Location::parse(bad).is_err(), "{bad}");
        }
    }
}
