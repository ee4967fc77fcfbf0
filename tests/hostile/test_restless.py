"""Sources and sinks that raise, answer nonsense, close themselves or call those who call them.

What comes of it is as the model says: an exception as it was raised, after which a stream is to be
opened again and a writer takes no more; or nothing at all. Never is a batch left out, and what was
written whole can be read.
"""

import pytest
from hostile.restless import READINGS, WRITINGS, RestlessReader, RestlessWriter

BATCHES = [[1, 2, 3], [], [4], [5, 6]]


@pytest.mark.parametrize("kind, by, on, plan", READINGS)
@pytest.mark.parametrize("after", [0, 3])
def test_a_source_that_is_restless_once(kind, by, on, plan, after):
    reader = RestlessReader(kind, None, BATCHES, by, most=50)
    assert reader.call(on, plan, after, all_of_it=True)


@pytest.mark.parametrize("kind, by, on, plan", WRITINGS)
def test_a_sink_that_is_restless_once(kind, by, on, plan):
    writer = RestlessWriter(kind, None, by, most=50)
    if on != "flush":
        assert writer.call(on, plan, after=1, numbers=BATCHES)
        writer = RestlessWriter(kind, None, by, most=50)
    assert writer.call(on, plan)
