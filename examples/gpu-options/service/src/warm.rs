//! The device that stays.

use std::rc::Rc;

use futures_util::lock::Mutex;
use gpu_options_pricing::Pricer;
use gpu_options_protocol::{Request, Response};

/// A pricer that is made when it is first asked for, and again after something went wrong on its device.
#[derive(Default)]
pub(crate) struct Warm(Mutex<Option<Rc<Pricer>>>);

impl Warm {
    pub(crate) async fn pricer(&self) -> Result<Rc<Pricer>, String> {
        let mut pricer = self.0.lock().await;
        if let Some(pricer) = &*pricer {
            return Ok(Rc::clone(pricer));
        }
        let instance = wgpu_weft::instance();
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions::default())
            .await
            .map_err(|_| "there is no GPU for this workload")?;
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor::default())
            .await
            .map_err(|error| error.to_string())?;
        let made = Rc::new(Pricer::new(device, queue));
        *pricer = Some(Rc::clone(&made));
        Ok(made)
    }

    pub(crate) async fn answer(&self, request: Request) -> Response {
        let pricer = match self.pricer().await {
            Ok(pricer) => pricer,
            Err(why) => return Response::Failed(why),
        };
        let answer = match request {
            Request::Adapter => Ok(Response::Adapter(pricer.adapter())),
            Request::Philox { counter, key } => {
                pricer.philox(counter, key).await.map(Response::Numbers)
            }
            Request::Price(ask) => match ask.problems() {
                problems if problems.is_empty() => pricer.price(&ask).await.map(Response::Quote),
                problems => return Response::Failed(problems.join("; ")),
            },
        };
        match answer {
            Ok(answer) => answer,
            Err(why) => {
                eprintln!("the device is given up: {why}");
                self.give_up(&pricer).await;
                Response::Failed(why)
            }
        }
    }

    /// Has the next question make a new device, unless another has already.
    async fn give_up(&self, broken: &Rc<Pricer>) {
        let mut pricer = self.0.lock().await;
        pricer.take_if(|pricer| Rc::ptr_eq(pricer, broken));
    }
}
