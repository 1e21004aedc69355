//! The worker's side: answers every message of the page at once.

use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::BUILD;
use crate::bridge::{FromWorker, ToWorker, decode, encode};

/// Listens, and says that it does.
pub fn start() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let to_page = scope.clone();
    std::panic::set_hook(Box::new(move |info| {
        // First, because after a panic nothing else may work; the page cannot see the text in any other way.
        let _ = to_page.post_message(&JsValue::from_str(&format!("panic: {info}")));
        console_error_panic_hook::hook(info);
    }));
    let to_page = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = js_sys::Uint8Array::new(&event.data()).to_vec();
        let answer = answer(decode(&bytes).expect("the page speaks our language: builds were compared"));
        send(&to_page, &answer);
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let _ = scope.post_message(&JsValue::from_str("ready"));
}

fn answer(message: ToWorker) -> FromWorker {
    match message {
        ToWorker::Hello { .. } => FromWorker::Hello { build: BUILD.to_owned() },
        ToWorker::Ping(number) => FromWorker::Pong(number),
    }
}

fn send(scope: &DedicatedWorkerGlobalScope, message: &FromWorker) {
    let buffer = js_sys::Uint8Array::from(encode(message).as_slice()).buffer();
    scope
        .post_message_with_transfer(&buffer, &js_sys::Array::of1(&buffer))
        .expect("a buffer of our own can be transferred");
}
