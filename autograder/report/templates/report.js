"use strict";
// Keeps typed points in this browser, and makes a CSV file of them.
(() => {
  const answers = [...document.querySelectorAll(".answer")];
  const status = document.getElementById("status");
  const prefix = `homework ${location.pathname} ${document.body.dataset.build} `;
  const key = (answer) => `${prefix}${answer.dataset.question} ${answer.dataset.submission}`;
  const points = (answer) => answer.querySelector(".points input");
  const comment = (answer) => answer.querySelector(".comment input");

  function say(text) {
    if (status) status.textContent = text;
  }

  function count() {
    const typed = answers.filter((answer) => points(answer).value !== "").length;
    say(`${typed} of ${answers.length} answers have points.`);
  }

  function keep(answer) {
    const typed = { given: points(answer).defaultValue, points: points(answer).value, comment: comment(answer).value };
    try {
      localStorage.setItem(key(answer), JSON.stringify(typed));
    } catch {
      say("This browser does not keep what you type: download the file before you leave the page.");
      return;
    }
    count();
  }

  // What was typed before counts, unless the report has other points since then.
  function restore(answer) {
    try {
      const typed = JSON.parse(localStorage.getItem(key(answer)));
      if (!typed || typed.given !== points(answer).defaultValue) return;
      points(answer).value = typed.points;
      comment(answer).value = typed.comment;
    } catch {
      // Nothing is kept in this browser.
    }
  }

  function field(text) {
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function show(answer) {
    answer.closest("details").open = true;
    points(answer).focus();
  }

  function download() {
    const wrong = answers.find((answer) => !points(answer).checkValidity());
    if (wrong) {
      show(wrong);
      say(`No file: the points must be between 0 and ${points(wrong).max}.`);
      return;
    }
    const typed = answers.filter((answer) => points(answer).value !== "");
    const rows = typed.map((answer) => [
      answer.dataset.submission, answer.dataset.question, points(answer).value, comment(answer).value,
    ]);
    const lines = [["submission", "question", "points", "comment"], ...rows].map((row) => row.map(field).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = "written.csv";
    link.click();
    URL.revokeObjectURL(link.href);
    const lost = answers.filter((answer) => points(answer).value === "" && comment(answer).value !== "").length;
    const left = lost ? ` It leaves out ${lost} comment${lost > 1 ? "s" : ""} without points.` : "";
    say(`written.csv has the points of ${typed.length} answers.${left}`);
  }

  function zero(event) {
    const question = event.currentTarget.dataset.question;
    for (const answer of answers) {
      if (answer.dataset.question === question && "blank" in answer.dataset && points(answer).value === "") {
        points(answer).value = "0";
        keep(answer);
      }
    }
  }

  answers.forEach(restore);
  document.addEventListener("input", (event) => {
    const answer = event.target.closest(".answer");
    if (answer) keep(answer);
  });
  document.getElementById("download")?.addEventListener("click", download);
  document.querySelectorAll(".zero").forEach((button) => button.addEventListener("click", zero));
  if (answers.length) count();

  // A printed page cannot be unfolded.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open])")];
    unfolded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => unfolded.forEach((details) => { details.open = false; }));
})();
