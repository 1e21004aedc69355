//! The page: its state and its outermost component.

use std::rc::Rc;

use yew::prelude::*;

use crate::bridge::{FromWorker, ToWorker};
use crate::link::{Link, News};

/// What is known of the engine.
#[derive(Clone, PartialEq, Eq)]
enum Engine {
    Loading,
    Running,
    Stale,
    Dead(String),
}

impl Reducible for Engine {
    type Action = News;

    fn reduce(self: Rc<Self>, news: News) -> Rc<Self> {
        match news {
            News::Ready => self,
            News::Message(FromWorker::Pong(_)) => Rc::new(Engine::Running),
            News::Message(FromWorker::Hello { .. }) => self,
            News::OtherBuild => Rc::new(Engine::Stale),
            News::Died(reason) => Rc::new(Engine::Dead(reason)),
        }
    }
}

/// The whole page.
#[component]
pub fn App() -> Html {
    let engine = use_reducer_eq(|| Engine::Loading);
    let link = use_mut_ref(|| None::<Link>);
    {
        let (engine, link) = (engine.dispatcher(), link.clone());
        use_effect_with((), move |()| {
            let held = link.clone();
            let started = Link::start(move |news| {
                if news == News::Ready
                    && let Some(link) = held.borrow().as_ref()
                {
                    link.send(&ToWorker::Ping(1));
                }
                engine.dispatch(news);
            });
            *link.borrow_mut() = started.ok();
        });
    }
    let status = match &*engine {
        Engine::Loading => "The engine is starting.".to_owned(),
        Engine::Running => "The engine is running.".to_owned(),
        Engine::Stale => "This page is of another build: load it again.".to_owned(),
        Engine::Dead(reason) => format!("The engine stopped: {reason}"),
    };
    html! {
        <>
            <header><h1>{ "Kubarium" }</h1></header>
            <main id="diagram"><p role="status">{ status }</p></main>
        </>
    }
}
