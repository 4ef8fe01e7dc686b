"""Every field of a job's definition goes all the way: into Redis, back to who asks for the job, into an export, and into the job's id.

openapi.json says which fields there are, and test_openapi compares it with the table of the program. So a field that is new there is
tested here by itself, and fails while its group (lib/job/group.h) forgets to read, describe or print it.
"""
import json

import pytest

from definitions import FULL, as_stored, differing_in, members
from harness import sanitizer_reports
from world import World

MEMBERS = dict(members())


@pytest.fixture(scope="session")
def world(base):
    made = World(base / "fields")
    yield made
    made.close()
    reports = sanitizer_reports(base / "fields")
    assert not reports, "\n".join(reports)


def create(world, definition):
    """The id of the job that this makes."""
    answer = world.handler.post(definition)
    assert answer.status == 201, answer
    return answer.json["job_id"]


def exported(world, job_id):
    """The job's line of an export."""
    [line] = [line for line in map(json.loads, world.handler.export().splitlines()) if line["job_id"] == job_id]
    return line


def assert_comes_back(world, job_id, definition):
    """Both ways of reading a job show each field as it was given."""
    given = as_stored(definition)
    job = world.handler.job(job_id).json
    assert {name: job.get(name) for name in given} == given
    assert exported(world, job_id) == {"job_id": job_id, **given}


@pytest.mark.parametrize("definition", FULL, ids=lambda definition: definition["type"])
def test_a_job_with_every_field_comes_back_whole(world, definition):
    assert_comes_back(world, create(world, definition), definition)


@pytest.mark.parametrize("path", MEMBERS)
def test_each_value_of_a_field_makes_another_job_and_comes_back(world, path):
    definitions = differing_in(path, MEMBERS[path])
    ids = [create(world, definition) for definition in definitions]
    assert len(set(ids)) == len(ids), f"{path} is no part of a job's id: {definitions} are the same job"
    for job_id, definition in zip(ids, definitions):
        assert_comes_back(world, job_id, definition)
