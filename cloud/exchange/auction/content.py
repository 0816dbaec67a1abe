"""Submissions and results as JSON in the database, and back. Pure."""

import json
from typing import Any

from cloud.exchange.auction.orders import Block, Curve, Style, Submission
from cloud.exchange.auction.outcome import Award, BlockResult, Fate, LeftOut, Outcome


def dump_submission(submission: Submission) -> str:
    return _dumps(
        {
            "curves": [[c.period, c.style.value, c.points] for c in submission.curves],
            "blocks": [
                [b.name, b.price_ticks, b.parts, b.min_ratio_ppm, b.parent, b.group, b.loop]
                for b in submission.blocks
            ],
        }
    )


def load_submission(account: str, site: str, text: str) -> Submission:
    found = json.loads(text)
    return Submission(
        account=account,
        site=site,
        curves=tuple(
            Curve(period=period, style=Style(style), points=_pairs(points))
            for period, style, points in found["curves"]
        ),
        blocks=tuple(
            Block(
                name=name,
                price_ticks=ticks,
                parts=_pairs(parts),
                min_ratio_ppm=ratio,
                parent=parent,
                group=group,
                loop=loop[0] if loop else "",  # blocks of earlier versions have none
            )
            for name, ticks, parts, ratio, parent, group, *loop in found["blocks"]
        ),
    )


def dump_outcome(outcome: Outcome) -> str:
    return _dumps(
        {
            "prices": outcome.prices,
            "volumes": outcome.volumes,
            "welfare": outcome.welfare,
            "gap": outcome.gap,
            "rounds": outcome.rounds,
            "cuts": outcome.cuts,
            "left_out": [[o.account, o.site, o.code, o.text] for o in outcome.left_out],
            "awards": [
                [
                    award.account,
                    award.site,
                    award.steps,
                    [[b.name, b.fate.value, b.steps, b.surplus] for b in award.blocks],
                ]
                for award in outcome.awards
            ],
        }
    )


def load_outcome(text: str) -> Outcome:
    found = json.loads(text)
    return Outcome(
        prices=tuple(found["prices"]),
        volumes=tuple(found["volumes"]),
        awards=tuple(
            Award(
                account,
                site,
                tuple(steps),
                tuple(BlockResult(name, Fate(fate), tuple(s), gain) for name, fate, s, gain in bs),
            )
            for account, site, steps, bs in found["awards"]
        ),
        welfare=found["welfare"],
        gap=found["gap"],
        rounds=found["rounds"],
        cuts=found["cuts"],
        left_out=tuple(LeftOut(*row) for row in found.get("left_out", ())),
    )


def _pairs(rows: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, second) for first, second in rows)


def _dumps(found: dict[str, Any]) -> str:
    return json.dumps(found, separators=(",", ":"))
