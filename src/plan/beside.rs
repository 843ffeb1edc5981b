//! Files beside the gate file that it names.

use super::reader::{At, Reader, Text};

/// Reads a file that a gate file names, by its path beside it.
pub(super) type Files<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// The bytes of a file that the gate file names.
pub(super) fn read_file(
    at: &At<Text>,
    files: Files<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<u8>> {
    match files(&at.value.value) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            let message = format!("the file `{}` cannot be read: {why}", at.value.shown);
            let hint = "paths start at the folder of the gate file".to_owned();
            reader.fault(at.span.clone(), message, hint);
            None
        }
    }
}
