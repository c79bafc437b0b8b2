"use strict";
(() => {
  const user = document.getElementById("user");
  const epoch = document.getElementById("epoch");
  const epochs = epoch.dataset.epochs.split(" ");
  const sections = [...document.querySelectorAll("section")];

  function show(said) {
    for (const section of sections)
      section.hidden = section.dataset.user !== user.value || section.dataset.epoch !== epoch.value;
    const number = epochs[Number(epoch.value)];
    document.getElementById("shown").value = number;
    epoch.setAttribute("aria-valuetext", `epoch ${number}`);
    const name = user.options[user.selectedIndex].text;
    if (said) document.getElementById("said").textContent = `${name}, epoch ${number}`;
    document.title = `${document.querySelector("h1").textContent}: ${name}, epoch ${number}`;
  }

  user.addEventListener("change", () => show(true));
  epoch.addEventListener("input", () => show(true));
  user.value = "0";
  epoch.value = String(epochs.length - 1); // what the browser kept of an earlier visit
  show(false);
})();
