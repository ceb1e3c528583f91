//! Pictures of what was measured.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;

use crate::report::{Plot, thousands};

/// Width and height.
const SIZE: (u32, u32) = (900, 480);
/// Of the lines, in turn.
const COLOURS: [RGBColor; 4] = [BLUE, RED, BLACK, GREEN];

/// Draws a picture into `<folder>/<name>.svg`.
///
/// # Errors
/// The file cannot be written.
pub fn draw(plot: &Plot, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}.svg", plot.name));
    let points = || plot.lines.iter().flat_map(|line| &line.points);
    let far = points().map(|point| point[0]).fold(1.0, f64::max);
    let high = points().map(|point| point[1]).fold(1.0, f64::max);
    let area = SVGBackend::new(&path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(&plot.title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..far * 1.05, 0.0..high * 1.1)?;
    chart
        .configure_mesh()
        .x_desc(&plot.x)
        .y_desc(&plot.y)
        .x_label_formatter(&|value| thousands(*value))
        .draw()?;
    for (line, colour) in plot.lines.iter().zip(COLOURS.into_iter().cycle()) {
        let circles = line
            .points
            .iter()
            .map(|point| Circle::new((point[0], point[1]), 3, colour.filled()));
        chart.draw_series(circles)?;
        let points = line.points.iter().map(|point| (point[0], point[1]));
        chart
            .draw_series(LineSeries::new(points, colour))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK)
        .background_style(WHITE)
        .draw()?;
    area.present()?;
    Ok(())
}
