//! The worker's side: owns the session, answers every message of the page at once.

use kubarium::session::Session;
use kubarium::session::protocol::{Frame, Request};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::BUILD;

/// Listens, and says that it does.
pub fn start() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let to_page = scope.clone();
    std::panic::set_hook(Box::new(move |info| {
        // First, because after a panic nothing else may work; the page cannot see the text in any other way.
        let _ = to_page.post_message(&JsValue::from_str(&format!("panic: {info}")));
        console_error_panic_hook::hook(info);
    }));
    // A tick's work is bounded by real time, which only the rim knows.
    let mut session = Session::new(BUILD, js_sys::Date::now);
    let to_page = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = js_sys::Uint8Array::new(&event.data()).to_vec();
        if let Some(frame) = answer(&mut session, &bytes) {
            send(&to_page, &frame);
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let _ = scope.post_message(&JsValue::from_str("ready"));
}

/// A greeting is answered with our build and nothing else; so is what cannot be read, which another build has said.
fn answer(session: &mut Session, bytes: &[u8]) -> Option<Frame> {
    let ours = || Some(Frame { build: BUILD.to_owned(), ..Frame::default() });
    match Request::decode(bytes) {
        Some(hello @ Request::Hello { .. }) => session.handle(hello).or_else(ours),
        Some(request) => session.handle(request),
        None => ours(),
    }
}

fn send(scope: &DedicatedWorkerGlobalScope, frame: &Frame) {
    // wasm memory itself cannot be transferred; this copy can.
    let buffer = js_sys::Uint8Array::from(frame.encode().as_slice()).buffer();
    scope
        .post_message_with_transfer(&buffer, &js_sys::Array::of1(&buffer))
        .expect("a buffer of our own can be transferred");
}
