//! The page's side of the worker: starts it, speaks with it, notices its death.

use std::cell::Cell;
use std::rc::Rc;

use kubarium::session::protocol::{Frame, Request};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::BUILD;

/// What the page learns.
pub enum News {
    /// The worker runs and is of our build.
    Ready,
    /// The worker is of another build: only loading the page again helps.
    OtherBuild,
    /// An answer to a tick.
    Frame(Box<Frame>),
    /// The engine stopped; the first reason is the true one.
    Died(String),
}

/// A running worker; dropping it ends the worker.
pub struct Link {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Link {
    /// Starts a worker. `tell` is called with everything that it says.
    pub fn start(tell: impl Fn(News) + 'static) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("worker-loader.js", &options)?;
        let tell = Rc::new(tell);
        let dead = Rc::new(Cell::new(false));
        let die = {
            let (tell, dead) = (tell.clone(), dead.clone());
            move |reason: String| {
                if !dead.replace(true) {
                    tell(News::Died(reason));
                }
            }
        };
        let on_message = {
            let (die, to) = (die.clone(), worker.clone());
            let greeted = Cell::new(false);
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match event.data().as_string() {
                Some(text) if text == "ready" => post(&to, &Request::Hello { build: BUILD.to_owned() }),
                Some(text) => die(text.strip_prefix("panic: ").unwrap_or(&text).to_owned()),
                None => tell(news(&js_sys::Uint8Array::new(&event.data()).to_vec(), greeted.replace(true))),
            })
        };
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| die(event.message()));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// Sends one message.
    pub fn send(&self, message: &Request) {
        post(&self.worker, message);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// The first frame answers the greeting.
fn news(bytes: &[u8], greeted: bool) -> News {
    match Frame::decode(bytes) {
        Some(frame) if frame.build != BUILD => News::OtherBuild,
        Some(frame) if greeted => News::Frame(Box::new(frame)),
        Some(_) => News::Ready,
        None => News::OtherBuild,
    }
}

fn post(worker: &Worker, message: &Request) {
    // wasm memory itself cannot be transferred; this copy can.
    let buffer = js_sys::Uint8Array::from(message.encode().as_slice()).buffer();
    worker
        .post_message_with_transfer(&buffer, &js_sys::Array::of1(&buffer))
        .expect("a buffer of our own can be transferred");
}
