/* The visitor's language: words, names of points, and how numbers are written in it. */

import { formatter } from "./format.js";

const given = JSON.parse(document.querySelector("meta[name=words]").content);

export const language = given.language;
export const words = given.words;
export const known = new Map(given.points.map((point) => [point.name, point]));
export const format = formatter(language, words);

/** The text of a key, its {names} filled in. */
export const text = (key, values = {}) =>
  Object.entries(values).reduce((line, [name, value]) => line.replace(`{${name}}`, value), words[key] ?? key);
