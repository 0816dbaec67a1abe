// The trade page, put together: one feed, one selection, and the parts that show them.

import { blotter } from "./blotter.js";
import { Candles } from "./candles.js";
import { priceChart, tableButton } from "./charts.js";
import { contracts } from "./contracts.js";
import { depth } from "./depth.js";
import { figures } from "./figures.js";
import { halts } from "./halts.js";
import { Live } from "./live.js";
import { OwnOrder } from "./own_order.js";
import { Page } from "./page.js";
import { planChart } from "./plan.js";
import { Recall } from "./recall.js";
import { keys, shell } from "./shell.js";
import { sites } from "./sites.js";
import { stats } from "./stats.js";
import { Ticket } from "./ticket.js";
import { currentLanguage, loadWords } from "./words.js";

await loadWords(currentLanguage());
const live = new Live();
const page = new Page(live, document.body.dataset.role);
const ticket = new Ticket(page);
figures(page);
contracts(page);
depth(page, (ticks, side) => ticket.take(ticks, side));
sites(page);
tableButton(priceChart(page), new Candles(page));
stats(page);
planChart(page);
blotter(page, { ownOrder: new OwnOrder(page), recall: new Recall(page) });
halts(page);
shell(page);
keys({
  b: () => ticket.choose("BUY"),
  s: () => ticket.choose("SELL"),
  ArrowDown: () => page.move(1),
  ArrowUp: () => page.move(-1),
  Escape: () => ticket.clear(),
  Enter: () => void ticket.send(),
});
live.start();
