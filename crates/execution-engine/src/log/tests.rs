use super::*;
use crate::disk::Memory;

fn records(log: &Log) -> (Vec<(Position, Vec<u8>)>, super::scan::End) {
    let mut found = Vec::new();
    let end = log.scan(|at, record| {
        found.push((at, record.to_vec()));
        Ok(())
    });
    (found, end.unwrap())
}

fn new(bytes: u64) -> (Arc<Log>, LogWriter) {
    let log = Arc::new(Log { disk: Arc::new(Memory::default()) });
    (log.clone(), LogWriter::new(log, Position::NONE, 0, bytes))
}

#[test]
fn what_was_committed_is_found_again_by_scan_and_by_place() {
    let (log, mut writer) = new(1000);
    let mut written = Vec::new();
    for round in 0..40_usize {
        writer.prepare().unwrap();
        for size in [0, 1, 127, 128, 5000] {
            let record: Vec<u8> = (0..size).map(|i| u8::try_from((i + round) % 251).unwrap()).collect();
            written.push((writer.push(&record), record));
        }
        writer.commit().unwrap();
    }
    let (found, end) = records(&log);
    assert_eq!(found, written);
    assert_eq!((end.position, end.sequence), (writer.end(), 40));
    assert!(log.disk.list().unwrap().len() > 10, "segments are begun");
    for (at, record) in &written {
        assert_eq!(&log.read(*at).unwrap(), record);
    }
}

#[test]
fn a_torn_frame_is_as_if_never_written_and_is_written_over() {
    let (log, mut writer) = new(1 << 20);
    writer.prepare().unwrap();
    writer.push(b"kept");
    writer.commit().unwrap();
    let end = writer.end();
    writer.push(&[7; 30]);
    writer.commit().unwrap();
    // Any byte of the last frame is wrong: the frame does not count.
    for at in end.offset()..writer.end().offset() {
        let mut byte = [0];
        log.disk.read(1, at, &mut byte).unwrap();
        log.disk.write(1, at, &[byte[0] ^ 0x10]).unwrap();
        let (found, found_end) = records(&log);
        assert_eq!((found.len(), found_end.position), (1, end), "byte {at}");
        log.disk.write(1, at, &byte).unwrap();
    }
    log.disk.write(1, end.offset() + 20, &[0]).unwrap();
    let mut again = LogWriter::new(log.clone(), end, 1, 1 << 20);
    again.prepare().unwrap();
    again.push(b"later");
    again.commit().unwrap();
    let found: Vec<_> = records(&log).0.into_iter().map(|(_, record)| record).collect();
    assert_eq!(found, [b"kept".to_vec(), b"later".to_vec()]);
}

#[test]
fn damage_before_the_end_is_an_error_and_not_forgotten() {
    let (log, mut writer) = new(100);
    for _ in 0..3 {
        writer.prepare().unwrap();
        writer.push(&[1; 120]);
        writer.commit().unwrap();
    }
    log.disk.write(2, 50, &[9]).unwrap();
    assert!(matches!(log.scan(|_, _| Ok(())), Err(crate::EngineError::Damaged(_))));
}

#[test]
fn a_place_that_holds_no_record_is_an_error() {
    let (log, mut writer) = new(100);
    writer.prepare().unwrap();
    writer.push(b"x");
    writer.commit().unwrap();
    assert!(log.read(Position::new(9, 0)).is_err(), "no such segment");
    assert!(log.read(Position::new(1, 4000)).is_err(), "behind the end");
}
