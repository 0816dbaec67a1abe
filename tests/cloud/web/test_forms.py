"""cloud.web.forms: the ticket offers what the matrix accepts, all of it and nothing else."""

import json
from itertools import product

from cloud.exchange.matching.codes import Execution, Kind, State, Validity
from cloud.exchange.matrix import CONTINUOUS, Codes
from cloud.web import forms, texts


def test_the_ticket_offers_exactly_what_the_matrix_accepts() -> None:
    offered = {
        Codes(Kind(line["kind"]), Execution(line["execution"]), Validity(validity), State(state))
        for line in json.loads(forms.of_table())
        for validity, state in product(line["validities"], line["states"])
    }
    assert offered == CONTINUOUS.accepted


def test_every_kind_of_order_on_the_ticket_has_words() -> None:
    wanted = {
        f"form.{line['kind']}_{line['execution']}".lower() for line in json.loads(forms.of_table())
    }
    assert not wanted - texts.dictionary(texts.DEFAULT).keys()
