//! Latency over offered load, as a picture.

use std::path::Path;

use anyhow::{Context, Result};
use plotters::prelude::*;

use crate::report::Report;

/// Width and height.
const SIZE: (u32, u32) = (900, 480);

/// Draws a report's curve.
///
/// # Errors
/// The file cannot be written.
pub fn latency(report: &Report, path: &Path) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(folder)?;
    let far = report
        .curve
        .iter()
        .map(|point| point[0])
        .fold(1.0, f64::max);
    let high = report
        .curve
        .iter()
        .map(|point| point[3])
        .fold(1.0, f64::max);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let title = format!("{}: latency over deliveries per second", report.workload);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..far * 1.05, 0.0..high * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("offered deliveries per second")
        .y_desc("ms from the moment a message was due")
        .x_label_formatter(&|value| format!("{:.0} 000", value / 1000.0))
        .draw()?;
    for (place, (name, colour)) in [("p50", BLUE), ("p95", RED), ("p99", BLACK)]
        .into_iter()
        .enumerate()
    {
        let points: Vec<_> = report
            .curve
            .iter()
            .filter_map(|point| Some((point[0], *point.get(place + 1)?)))
            .collect();
        let circles = points
            .iter()
            .map(|point| Circle::new(*point, 3, colour.filled()));
        chart.draw_series(circles)?;
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour))?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(BLACK)
        .background_style(WHITE)
        .draw()?;
    area.present()?;
    Ok(())
}
