//! The reference service: a fixed piece of work behind a socket of loopback, done before and after
//! a load and never while it runs. On a machine that is slower today it takes longer by as much.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

/// How long it is asked, after a short while that does not count.
const LASTS: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(300);
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is hashed for each answer: about a tenth of a millisecond on a machine of today.
const WORK: usize = 32 * 1024;
/// Question and answer.
const WORD: usize = 32;

/// How long one question to the reference service takes on this machine now, on average.
///
/// # Errors
/// When the system gives no socket or thread, or stands still.
pub fn measure() -> io::Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let service = std::thread::Builder::new().name("reference".to_owned());
    let service = service.spawn(move || {
        // Who asks has gone where this fails.
        let _ = serve(&listener);
    })?;
    let mean = TcpStream::connect_timeout(&address, PATIENCE).and_then(|peer| ask(&peer));
    // It ends with the connection. Where there was none, it waits for one.
    if mean.is_err() {
        drop(TcpStream::connect_timeout(&address, PATIENCE));
    }
    let _ = service.join();
    mean
}

fn ask(mut peer: &TcpStream) -> io::Result<Duration> {
    peer.set_nodelay(true)?;
    peer.set_read_timeout(Some(PATIENCE))?;
    let mut word = [0; WORD];
    let mut once = || {
        peer.write_all(&word)?;
        peer.read_exact(&mut word)
    };
    let begin = Instant::now();
    while begin.elapsed() < WARM_UP {
        once()?;
    }
    let (begin, mut count) = (Instant::now(), 0);
    while begin.elapsed() < LASTS {
        once()?;
        count += 1;
    }
    Ok(begin.elapsed() / count.max(1))
}

fn serve(listener: &TcpListener) -> io::Result<()> {
    let (mut peer, _) = listener.accept()?;
    peer.set_nodelay(true)?;
    peer.set_read_timeout(Some(PATIENCE))?;
    let mut word = [0; WORD];
    let mut page = vec![0; WORK];
    loop {
        peer.read_exact(&mut word)?;
        // What was asked becomes a part of the work, so that none of it can be left out.
        page[..WORD].copy_from_slice(&word);
        let hash = Sha256::digest(&page);
        page[WORK - WORD..].copy_from_slice(&hash);
        peer.write_all(&hash)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_within_a_fraction_of_a_second() {
        let mean = measure().expect("loopback is there");
        assert!(mean > Duration::ZERO && mean < PATIENCE, "{mean:?}");
    }
}
