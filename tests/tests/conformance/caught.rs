//! A panic as a value: message and place, and nothing on the terminal.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// `Some` while a panic of this thread is to be recorded instead of printed.
    static RECORD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `f`; the error says how and where it panicked.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            let recorded = RECORD.with_borrow_mut(|record| {
                record
                    .as_mut()
                    .map(|text| *text = info.to_string())
                    .is_some()
            });
            if !recorded {
                usual(info);
            }
        }));
    });
    RECORD.set(Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(f));
    let message = RECORD.take().unwrap_or_default();
    result.map_err(|_| message)
}

#[test]
fn a_panic_is_told_with_its_place() {
    let told = caught(|| panic!("as asked")).unwrap_err();
    assert!(
        told.contains("as asked") && told.contains("caught.rs"),
        "{told}"
    );
    assert_eq!(caught(|| 1), Ok(1));
}
