/* Scenes that one can turn: the viewer and the data are added to a page when a reader asks for them, as scripts, which also a
   page opened from a folder may do. Without a script, or without WebGL, the still picture and its text remain. */
(() => {
  "use strict";
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  window.ramporeScenes = window.ramporeScenes || {};

  const add = (address) => new Promise((resolve, reject) => {
    if (document.querySelector(`script[src="${address}"]`)) return resolve();
    const script = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
    document.head.append(script);
  });

  for (const host of document.querySelectorAll("div.scene:not([data-ready])")) {
    host.dataset.ready = "";
    const button = host.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await add(`${folder}scene-viewer.js`);
        await add(`${folder}scenes/${host.dataset.scene}.js`);
        await window.ramporeScene.view(host, window.ramporeScenes[host.dataset.scene]);
        button.remove();
        host.querySelector("canvas").focus();
      } catch {
        button.replaceWith("This browser draws nothing in three dimensions; the figure beside it shows the same.");
      }
    });
  }
})();
