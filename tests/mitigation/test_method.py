"""What a task gives to a method, and what methods refuse."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.method import known_rows, need_binary, need_two_groups


def test_every_use_has_draws_of_its_own_and_the_same_again(task):
    def draws(*names, seed=0):
        train = replace(task.train, seed=seed)
        return torch.rand(3, generator=replace(task, train=train).generator(*names)).tolist()

    assert draws("a") == draws("a")
    assert draws("a") != draws("b")
    assert draws("a") != draws("a", seed=1)


def test_tasks_that_a_method_cannot_take_are_refused(task):
    with pytest.raises(MethodError, match="balanced rows"):
        replace(task, balanced=None).balanced_part()
    assert task.balanced_part() is task.balanced
    three = SimpleNamespace(debias=SimpleNamespace(classes=3, groups=3))
    need_binary(task, "x")
    need_two_groups(task, "x")
    with pytest.raises(MethodError, match=r"target of two values.*3 values"):
        need_binary(three, "x")
    with pytest.raises(MethodError, match=r"attribute of two values.*3 values"):
        need_two_groups(three, "x")


def test_rows_of_unknown_attribute_are_no_known_rows():
    assert known_rows(SimpleNamespace(attribute=torch.tensor([-1, 0, 2, -1]))).tolist() == [1, 2]
    with pytest.raises(MethodError, match="known value"):
        known_rows(SimpleNamespace(attribute=torch.tensor([-1, -1])))
