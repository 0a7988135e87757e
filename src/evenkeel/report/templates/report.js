// Draws the charts of the page. Everything it needs is in the page; the policy in its head forbids any request.
"use strict";

const specs = JSON.parse(document.getElementById("charts").textContent);
const options = {
  mode: "vega-lite",
  renderer: "svg", // the charts' colours are CSS variables, and paper wants vectors
  actions: false,
  ast: true, // expressions are interpreted, so that the page can forbid eval
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};

for (const [id, spec] of Object.entries(specs)) {
  const holder = document.getElementById("chart-" + id);
  if (!holder) continue;
  const waiting = [...holder.childNodes];
  // Names of remedies and classes get a third of the width, so that a phone still shows the chart.
  const config = { axisY: { labelLimit: Math.max(96, holder.clientWidth * 0.33) } };
  vegaEmbed(holder, spec, { ...options, config }).catch(() => holder.replaceChildren(...waiting));
}
