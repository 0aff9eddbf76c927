// Block Kit's charts. https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block

import { h, svg } from "../dom.js";

const WIDTH = 480;
const HEIGHT = 200;
const LEFT = 44;
const BOTTOM = 26;
const TOP = 10;

/** A chart with its title and a legend; the numbers are in the legend or in each mark's title. */
export function chartBlock(block) {
  const { chart } = block;
  const drawn = chart.type === "pie" ? pie(chart) : axes(chart);
  return h("figure", { class: "block block-chart" }, h("figcaption", {}, block.title), drawn.picture, legend(drawn.entries));
}

function legend(entries) {
  return h(
    "ul",
    { class: "legend" },
    entries.map((text, index) => h("li", {}, h("span", { class: `swatch series-${index}`, "aria-hidden": "true" }), text)),
  );
}

function picture(label, ...marks) {
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "chart" }, marks);
}

function pie(chart) {
  const total = chart.segments.reduce((sum, segment) => sum + segment.value, 0);
  let from = 0;
  const marks = chart.segments.map((segment, index) => {
    const to = from + segment.value / total;
    const mark = svg("path", { d: slice(from, to), class: `fill series-${index}` }, svg("title", {}, `${segment.label}: ${segment.value}`));
    from = to;
    return mark;
  });
  const entries = chart.segments.map((segment) => `${segment.label}: ${segment.value} (${Math.round((100 * segment.value) / total)} %)`);
  return { picture: picture(entries.join(", "), marks), entries };
}

function slice(from, to) {
  const [x, y, r] = [WIDTH / 2, HEIGHT / 2, 90];
  const point = (part) => `${x + r * Math.sin(2 * Math.PI * part)} ${y - r * Math.cos(2 * Math.PI * part)}`;
  if (to - from > 0.9999) return `M${x} ${y - r}A${r} ${r} 0 1 1 ${x - 0.01} ${y - r}Z`;
  return `M${x} ${y}L${point(from)}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${point(to)}Z`;
}

function axes(chart) {
  const { categories, x_label: xLabel, y_label: yLabel } = chart.axis_config;
  const values = chart.series.flatMap((series) => series.data.map((point) => point.value));
  const highest = Math.max(1, ...values);
  const lowest = Math.min(0, ...values);
  const y = (value) => TOP + ((highest - value) / (highest - lowest)) * (HEIGHT - TOP - BOTTOM);
  const step = (WIDTH - LEFT) / categories.length;
  const middle = (index) => LEFT + step * (index + 0.5);
  const grid = [lowest, (lowest + highest) / 2, highest].map((value) => [
    svg("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value), class: "grid-line" }),
    svg("text", { x: LEFT - 6, y: y(value) + 4, class: "axis-label end" }, shown(value)),
  ]);
  const names = categories.map((name, index) => svg("text", { x: middle(index), y: HEIGHT - 8, class: "axis-label middle" }, name));
  const draw = { bar: bars, line: lines, area: lines }[chart.type];
  const marks = draw(chart, { y, step, middle, zero: y(0) });
  const said = chart.series.map((series) => `${series.name}: ${series.data.map((point) => `${point.label} ${point.value}`).join(", ")}`);
  return {
    picture: h("div", { class: "plot" }, yLabel ? h("span", { class: "axis-title" }, yLabel) : null, picture(said.join("; "), grid, names, marks), xLabel ? h("span", { class: "axis-title below" }, xLabel) : null),
    entries: chart.series.map((series) => series.name),
  };
}

function shown(value) {
  return new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

function bars(chart, { y, step, middle, zero }) {
  const width = (step * 0.7) / chart.series.length;
  return chart.series.map((series, index) =>
    series.data.map((point, place) => {
      const x = middle(place) - step * 0.35 + width * index;
      const top = Math.min(y(point.value), zero);
      const box = { x, y: top, width: Math.max(width - 2, 1), height: Math.abs(zero - y(point.value)), rx: 2 };
      return svg("rect", { ...box, class: `fill series-${index}` }, svg("title", {}, `${series.name}, ${point.label}: ${point.value}`));
    }),
  );
}

function lines(chart, { y, middle, zero }) {
  return chart.series.map((series, index) => {
    const points = series.data.map((point, place) => `${middle(place)} ${y(point.value)}`);
    const end = middle(series.data.length - 1);
    const area = chart.type === "area" ? svg("path", { d: `M${middle(0)} ${zero}L${points.join("L")}L${end} ${zero}Z`, class: `fill faint series-${index}` }) : null;
    const dots = series.data.map((point, place) =>
      svg("circle", { cx: middle(place), cy: y(point.value), r: 3.5, class: `fill series-${index}` }, svg("title", {}, `${series.name}, ${point.label}: ${point.value}`)),
    );
    return [area, svg("path", { d: `M${points.join("L")}`, class: `stroke series-${index}` }), dots];
  });
}
