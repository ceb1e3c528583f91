//! Logs: one JSON object a line on stdout, flat, with stable field names.
//!
//! Every line has `ts`, `level`, `service`, `instance`, `target` and `message`; the fields of the
//! event and of the spans around it (`request_id`, `user_id`, `conversation_id`, `message_id`,
//! `connection_id`, …) stand beside them. An inner field goes over an outer one of the same name.

use std::fmt;
use std::io::Write;

use protocol::time::Timestamp;
use serde::Serializer as _;
use serde::ser::SerializeMap;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use crate::settings::Settings;

/// Where and how much a process logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A filter such as `info` or `info,api::committer=debug`.
    pub filter: String,
    /// Which of several processes of a service this is.
    pub instance: String,
}

impl LogConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        let config = Self {
            filter: settings.get(
                "WARREN_LOG_FILTER",
                "info",
                "What is logged: a level, or a list such as `info,api::committer=debug`.",
            ),
            instance: settings.get(
                "WARREN_LOG_SERVICE_INSTANCE",
                "",
                "Which of several processes of a service this is, in every log line and in `hello`; \
                 the process id if empty.",
            ),
        };
        if let Err(error) = EnvFilter::try_new(&config.filter) {
            settings.refuse("WARREN_LOG_FILTER", error.to_string());
        }
        config
    }

    /// The instance's name.
    #[must_use]
    pub fn instance_name(&self) -> String {
        if self.instance.is_empty() {
            std::process::id().to_string()
        } else {
            self.instance.clone()
        }
    }
}

/// Sends the process's events, and its panics, to stdout.
///
/// # Errors
/// If the filter cannot be read, or a subscriber is installed already.
pub fn install(
    service: &'static str,
    config: &LogConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let lines = JsonLines::new(service, config.instance_name(), std::io::stdout);
    Registry::default()
        .with(EnvFilter::try_new(&config.filter)?)
        .with(lines)
        .try_init()?;
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(panic = %panic, "a task panicked");
    }));
    Ok(())
}

/// Writes each event as one JSON object.
#[derive(Debug)]
pub struct JsonLines<W> {
    service: &'static str,
    instance: String,
    open: W,
}

impl<W> JsonLines<W> {
    /// Writes to what `open` returns, opened anew for each line.
    pub fn new(service: &'static str, instance: String, open: W) -> Self {
        Self {
            service,
            instance,
            open,
        }
    }
}

/// What is said of a span or an event, in the order in which it was said.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl<S, W, O> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> O + 'static,
    O: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if let Ok(mut text) = self.line(event, &context) {
            text.push(b'\n');
            // A log that cannot be written has nowhere to be reported.
            _ = (self.open)().write_all(&text);
        }
    }
}

impl<W> JsonLines<W> {
    /// Written field by field, without a tree of its own: there is a line for each request.
    fn line<S>(
        &self,
        event: &Event<'_>,
        context: &Context<'_, S>,
    ) -> Result<Vec<u8>, serde_json::Error>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut text = Vec::with_capacity(LINE_BYTES);
        let mut json = serde_json::Serializer::new(&mut text);
        let mut line = json.serialize_map(None)?;
        let metadata = event.metadata();
        line.serialize_entry("ts", &Timestamp::now())?;
        line.serialize_entry("level", metadata.level().as_str())?;
        line.serialize_entry("service", self.service)?;
        line.serialize_entry("instance", &self.instance)?;
        line.serialize_entry("target", metadata.target())?;
        let mut own = Fields::default();
        event.record(&mut own);
        let mut said = vec!["ts", "level", "service", "instance", "target"];
        own.write(&mut line, &mut said)?;
        // From the innermost outwards: what was said stands.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                outer.write(&mut line, &mut said)?;
            }
        }
        line.end()?;
        Ok(text)
    }
}

/// Room for a usual line.
const LINE_BYTES: usize = 512;

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let (name, value) = (field.name(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds the fields whose names are not among those said already.
    fn write<M: SerializeMap>(
        &self,
        line: &mut M,
        said: &mut Vec<&'static str>,
    ) -> Result<(), M::Error> {
        for (name, value) in &self.0 {
            if !said.contains(name) {
                said.push(name);
                line.serialize_entry(name, value)?;
            }
        }
        Ok(())
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    /// An error is written with its chain of causes.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.put(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_flat_and_has_the_fields_of_its_spans() {
        let buffer = Buffer::default();
        let open = {
            let buffer = buffer.clone();
            move || buffer.clone()
        };
        let subscriber = Registry::default().with(JsonLines::new("api", "api-1".to_owned(), open));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!(
                "request",
                request_id = "r1",
                user_id = "u1",
                message_id = tracing::field::Empty
            );
            span.record("message_id", "m1");
            let _entered = span.entered();
            let _inner = tracing::info_span!("inner", user_id = "u2").entered();
            tracing::warn!(attempts = 3, "line\nbreak");
        });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1);
        // Once each: a reader of logs may take either of two.
        assert_eq!(text.matches("user_id").count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        for (field, want) in [
            ("level", "WARN"),
            ("service", "api"),
            ("instance", "api-1"),
            ("request_id", "r1"),
            ("message_id", "m1"),
            ("user_id", "u2"),
            ("message", "line\nbreak"),
        ] {
            assert_eq!(line[field], want, "{field} of {line}");
        }
        assert_eq!(line["attempts"], 3);
        assert!(line["ts"].as_str().unwrap().ends_with('Z'));
    }
}
