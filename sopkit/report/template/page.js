// Draws every chart of the page with the one bundle. Colours are names of the style sheet, so the
// drawings follow the reader's light or dark setting by themselves.
(function () {
  "use strict";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  document.querySelectorAll("script.spec").forEach(function (node) {
    var plot = node.parentNode.querySelector(".plot");
    var spec = JSON.parse(node.textContent);
    vegaEmbed(plot, spec, {
      actions: false,
      renderer: "svg",
      mode: "vega-lite",
      tooltip: { theme: dark.matches ? "dark" : "light" },
    }).then(
      function () { plot.dataset.drawn = "yes"; },
      function (error) { plot.textContent = String(error); plot.dataset.drawn = "no"; }
    );
  });
})();
