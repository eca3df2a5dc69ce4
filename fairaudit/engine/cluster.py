"""Calls on a Ray cluster; scheduling, placement, retries and the object store are Ray's."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fairaudit.errors import UsageError

if TYPE_CHECKING:
    import ray

Task = TypeVar("Task")
Answer = TypeVar("Answer")

RETRIES = 1
"""Times that Ray tries a task again whose worker died."""
AHEAD = 2
"""Tasks under way per processor of the cluster: none waits for the next, and their answers fit in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A task whose worker died every time."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that was joined, or one of this machine that was started."""

    processors: int
    """Processors that Ray gives out."""
    nodes: int
    """Machines."""

    def share(self, value: object) -> list[ray.ObjectRef]:
        """Put a value into the object store once, for all tasks; inside a list, so that a worker fetches it once."""
        import ray

        return [ray.put(value)]

    def answers(self, calls: Calls[Task, Answer], todo: deque[Task]) -> Iterator[tuple[Task, Answer | Lost]]:
        """Every task's answer as soon as it arrives; tasks that are added to `todo` meanwhile are done too.

        Raises:
            Exception: whatever a task raises ends all of them.
        """
        import ray
        from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

        remote = ray.remote(calls.call).options(
            num_cpus=1, num_gpus=calls.gpus, max_retries=RETRIES, retry_exceptions=False
        )
        busy: dict[Any, Task] = {}
        try:
            while todo or busy:
                while todo and len(busy) < AHEAD * self.processors:
                    task = todo.popleft()
                    busy[remote.remote(calls.shared, task, calls.load(task))] = task
                (done, *_), _ = ray.wait(list(busy), num_returns=1)
                task = busy.pop(done)
                try:
                    answer: Answer | Lost = ray.get(done)
                except (WorkerCrashedError, OutOfMemoryError, NodeDiedError) as error:
                    answer = Lost(reason=_reason(error))
                del done
                yield task, answer
        finally:
            for left in busy:
                ray.cancel(left, force=True)

    def everywhere(self, call: Callable[[], None]) -> None:
        """Call a function once on every machine that is still up."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        places = [
            NodeAffinitySchedulingStrategy(node["NodeID"], soft=True) for node in ray.nodes() if node.get("Alive")
        ]
        remote = ray.remote(call)
        ray.wait([remote.options(scheduling_strategy=place, num_cpus=0).remote() for place in places], timeout=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls(Generic[Task, Answer]):
    """What the workers do."""

    call: Callable[[list[ray.ObjectRef], Task, bytes | None], Answer]
    """Called with what is shared, a task and what was loaded for it; a function of a module."""
    shared: list[ray.ObjectRef]
    """What `Cluster.share` returned."""
    load: Callable[[Task], bytes | None]
    """What is sent along with a task, read when its turn comes."""
    gpus: float = 0.0
    """GPUs of a task, or the share of one."""


@contextmanager
def joined(address: str | None, *, processors: int | None) -> Iterator[Cluster]:
    """A cluster while the context is open.

    Args:
        address: of a cluster that runs, or "auto"; None starts one of this machine, unless this process has joined one.
        processors: of a cluster of this machine; None for all.

    Raises:
        UsageError: Ray is not installed, or there is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "Ray is not installed", where="--executor ray", advice="Install it: pip install 'fairaudit[ray]'."
        ) from error
    there = ray.is_initialized()
    if not there:
        own = {} if address is not None else {"num_cpus": processors, "include_dashboard": False}
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error", **own)
        except Exception as error:  # Ray raises the base class itself where its processes do not start in time
            raise UsageError(
                "There is no Ray cluster",
                found=_reason(error),
                where="this machine" if address is None else f"--address {address}",
                advice="Start one with `ray start --head` and give --address auto.",
            ) from error
    try:
        nodes = sum(bool(node.get("Alive")) for node in ray.nodes())
        yield Cluster(processors=max(1, int(ray.cluster_resources().get("CPU", 1))), nodes=nodes)
    finally:
        if not there:
            ray.shutdown()


def fetched(shared: list[ray.ObjectRef]) -> Any:  # noqa: ANN401 (whatever was shared)
    """In a worker: the shared value."""
    import ray

    return ray.get(shared[0])


def _reason(error: Exception) -> str:
    """The first sentence of what Ray says, on one line."""
    text = " ".join(str(error).split())
    return text.split(". ")[0][:200] or type(error).__name__
