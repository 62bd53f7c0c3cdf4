"""The fault matrix F01 to F60: where each row is tested, or why it is not.

`docs/reliability.md` shows this table; `test_matrix.py` holds the two together and checks that
every test named here is there. `PARTLY` and `OPEN` say in one sentence what is missing.
"""

from dataclasses import dataclass, field

GREEN, PARTLY, OPEN = "green", "partly", "open"

FAULTS = "faults/test_matrix.py::test_one_fault_on_one_write"
HISTORIES = "faults/test_histories.py"
STALE = "faults/test_stale.py"
WAITED = f"{STALE}::test_reads_that_are_behind_are_waited_out"
LYING = "contract/test_lists_that_lie.py"
BEHIND = "contract/test_reads_that_are_behind.py"
FRESH = "cloud/test_read_after_write.py"
KILLED = "faults/test_killed_anywhere.py"
OPERATIONS = "cloud/test_long_running.py"
ANSWERS = "cloud/test_answers.py"
DEADLINE = "cloud/test_request_deadline.py"
CLIENTS = "cloud/test_every_client.py"
DESTROYING = "contract/test_destroying.py"
PRUNING = "contract/test_pruning.py"
INFRA = "kinds/test_infra_live.py"
JOB = "kinds/test_job_live.py"
ROLES = "operations/test_roles_in_effect.py"
SECRETS = "secrets/test_nowhere.py"
UNDER_US = "operations/test_under_us.py"
CORPUS = "spec/test_corpus.py"
STOPPING = "cli/test_stopping.py"


@dataclass(frozen=True)
class Row:
    """One fault, what is known about it, and the tests that say so."""

    number: str
    fault: str
    state: str
    tests: tuple[str, ...] = ()
    lacks: str = field(default="")


def green(number, fault, *tests):
    return Row(number, fault, GREEN, tests)


def partly(number, fault, lacks, *tests):
    return Row(number, fault, PARTLY, tests, lacks)


def undone(number, fault, reason):
    return Row(number, fault, OPEN, (), reason)


MATRIX = (
    green("F01", "400 with a target", FAULTS),
    green(
        "F02",
        "401 in the middle and at first",
        f"{CLIENTS}::test_a_refused_token_is_renewed_once",
        f"{CLIENTS}::test_a_token_that_is_refused_for_good_is_renewed_only_once",
    ),
    green("F03", "403 on a write", FAULTS),
    green(
        "F04",
        "403 just after our own role assignment",
        f"{ROLES}::test_a_denial_after_a_grant_of_this_run_is_waited_out",
        f"{ROLES}::test_a_denial_that_stays_is_told_after_ten_minutes",
        f"{ROLES}::test_a_denial_that_no_grant_can_explain_is_not_repeated",
        f"{ROLES}::test_a_grant_of_an_earlier_run_counts_while_it_is_young",
        f"{ROLES}::test_the_wait_for_a_grant_is_finished_by_the_run_after_a_kill",
    ),
    green(
        "F05",
        "parent deleted between plan and write",
        f"{UNDER_US}::test_an_empty_parent_that_was_deleted_is_made_again_and_told",
        f"{UNDER_US}::test_a_parent_that_was_deleted_with_more_in_it_is_refused",
        f"{UNDER_US}::test_what_held_data_and_was_deleted_is_not_made_again_in_silence",
    ),
    green(
        "F06",
        "409 another operation in progress",
        FAULTS,
        "operations/test_another_was_faster.py::test_what_another_made_first_is_not_taken_over",
    ),
    green(
        "F07",
        "409 name taken, soft-deleted",
        f"{INFRA}::test_a_soft_deleted_vault_is_told_before_anything_is_written",
        f"{INFRA}::test_a_name_that_is_taken_in_azure_is_told_by_the_plan",
    ),
    green(
        "F08",
        "409 provider not registered",
        "contract/test_provider_registration.py::test_a_plan_shows_the_registration_and_sends_none",
    ),
    green(
        "F09",
        "412 ETag mismatch",
        FAULTS,
        f"{UNDER_US}::test_a_lost_race_is_read_and_decided_again",
        f"{UNDER_US}::test_a_race_that_is_lost_three_times_is_refused_and_the_next_run_converges",
        f"{UNDER_US}::test_what_would_now_be_replaced_is_not",
    ),
    green("F10", "policy, lock, quota", FAULTS),
    green(
        "F11",
        "500, 502, 503, 504",
        FAULTS,
        f"{ANSWERS}::test_an_outage_is_not_hammered_on",
        "contract/test_azure_is_out.py::test_what_cannot_be_read_at_all_is_no_refusal",
        "contract/test_azure_is_out.py::test_json_says_what_was_not_begun_and_why",
        f"{ANSWERS}::test_what_is_not_idempotent_is_never_sent_twice",
    ),
    green(
        "F12",
        "200 with something else in it",
        FAULTS,
        f"{ANSWERS}::test_an_answer_without_measure_is_not_taken_into_memory",
    ),
    green(
        "F13",
        "an operation that never ends",
        f"{OPERATIONS}::test_an_operation_that_never_ends_is_pending_in_the_end",
    ),
    green(
        "F14",
        "an operation that fails or is cancelled",
        f"{OPERATIONS}::test_an_operation_that_ended_badly_gives_its_own_reason",
        f"{OPERATIONS}::test_a_cancelled_operation_without_a_reason_still_says_so",
    ),
    green(
        "F15",
        "operation succeeded, resource failed",
        f"{INFRA}::test_one_whose_last_operation_failed_is_written_again",
        f"{OPERATIONS}::test_a_delete_whose_record_vanished_is_not_believed",
    ),
    green(
        "F16",
        "a record that is gone or garbage",
        f"{OPERATIONS}::test_a_record_that_says_nothing_of_use_is_replaced_by_the_resource",
    ),
    green(
        "F17",
        "absurd Retry-After",
        f"{OPERATIONS}::test_polls_are_neither_years_apart_nor_without_pause",
        "cloud/test_retry.py::test_no_header_makes_us_wait_longer_than_the_cap",
    ),
    green(
        "F18",
        "polling address on a foreign host",
        f"{OPERATIONS}::test_a_write_polled_on_a_foreign_host_is_followed_by_its_resource",
    ),
    green(
        "F19",
        "a training job fails or queues",
        f"{JOB}::test_a_failed_run_is_not_repeated_until_asked_and_the_retry_is_found_again",
        f"{JOB}::test_a_run_that_is_not_waited_for_is_pending_and_followed_by_the_next_apply",
    ),
    green("F20", "429 in every form", FAULTS, "cloud/test_retry.py::test_what_azure_says_is_read"),
    green(
        "F21",
        "bucket of the subscription, 1,000 resources",
        "cloud/test_full_speed.py::test_a_thousand_resources_are_written_as_fast_as_the_bucket_refills",
        "cloud/test_full_speed.py::test_two_runs_that_share_the_bucket_share_its_refill",
        "cloud/test_throttle.py::test_a_second_request_does_not_run_into_the_same_429",
    ),
    partly(
        "F22",
        "429 for longer than the budget",
        "the loop that backs off is not built",
        f"{ANSWERS}::test_an_outage_is_not_hammered_on",
    ),
    green(
        "F23",
        "nothing changed",
        f"{HISTORIES}::test_nothing_is_written_when_nothing_changed",
        "contract/test_promises.py::test_a_plan_asks_for_fewer_things_than_there_are",
    ),
    green(
        "F24",
        "refused, DNS, TLS, proxy",
        "faults/test_network.py",
        "cli/test_exit_codes.py::test_an_unknown_sandbox_is_one_line",
    ),
    green("F25", "cut off before the commit", FAULTS),
    green(
        "F26",
        "cut off after the commit",
        FAULTS,
        f"{ANSWERS}::test_a_write_whose_answer_was_lost_is_sent_again",
    ),
    green(
        "F27",
        "F26 on the job and the upload",
        f"{JOB}::test_a_lost_answer_to_the_submission_does_not_train_twice",
        f"{JOB}::test_half_a_dataset_is_finished_without_uploading_again",
    ),
    green(
        "F28",
        "hang, drip, cut short",
        f"{DEADLINE}::test_a_request_ends_also_in_a_run_without_an_end",
        f"{ANSWERS}::test_an_answer_that_is_cut_short_is_asked_for_again",
    ),
    green("F29", "kill -9 before a request", f"{KILLED}::test_one_more_run_is_all_it_takes"),
    green(
        "F30",
        "kill -9 after a commit",
        f"{KILLED}::test_one_more_run_is_all_it_takes",
        "operations/test_killed_in_a_replace.py::"
        "test_what_went_with_a_parent_is_made_again_by_the_next_run",
    ),
    green(
        "F31",
        "two kills",
        f"{KILLED}::test_two_kills_need_no_more_than_one_run_after_them",
    ),
    green(
        "F32",
        "SIGTERM in every phase",
        f"{HISTORIES}::test_a_signal_ends_a_run_soon_and_starts_nothing_new",
        f"{STOPPING}::test_a_signal_does_not_wait_for_a_request_that_hangs",
    ),
    green(
        "F33",
        "SIGINT, SIGHUP, closed stdout",
        f"{HISTORIES}::test_a_signal_ends_a_run_soon_and_starts_nothing_new",
        f"{STOPPING}::test_a_signal_does_not_wait_for_a_request_that_hangs",
        f"{STOPPING}::test_a_second_ctrl_c_leaves_at_once",
        f"{STOPPING}::test_a_terminal_that_is_closed_ends_the_run_in_order",
        f"{STOPPING}::test_streams_that_are_closed_change_nothing",
        f"{STOPPING}::test_a_reader_that_has_left_changes_nothing",
    ),
    green(
        "F34",
        "kill -9 in destroy and prune",
        f"{KILLED}::test_one_more_run_is_all_it_takes",
    ),
    green(
        "F35",
        "an exception in any handler",
        "faults/test_matrix.py::test_a_mistake_in_one_handler_is_told_beside_all_else",
    ),
    green(
        "F36",
        "404 after a create",
        WAITED,
        f"{FRESH}::test_what_was_just_made_is_looked_for_until_it_shows",
    ),
    green(
        "F37",
        "old bodies and lists",
        f"{STALE}::test_a_plan_that_was_misled_makes_nothing_twice",
        f"{STALE}::test_a_flow_that_two_lists_did_not_show_stays_the_only_one",
        f"{FRESH}::test_a_body_older_than_what_was_written_is_not_believed",
        f"{BEHIND}::test_a_body_from_before_the_write_is_not_yet_a_refusal",
        f"{BEHIND}::test_a_replace_is_confirmed_by_a_last_look",
        "operations/test_old_bodies.py::"
        "test_the_old_one_is_not_taken_for_one_that_somebody_else_made",
        f"{LYING}::test_prune_refuses_a_list_that_cannot_be_followed",
        f"{LYING}::test_prune_refuses_a_list_of_which_the_second_page_fails",
        f"{LYING}::test_what_a_list_leaves_out_is_not_made_again",
        "cloud/test_listing.py::test_a_page_that_is_no_list_is_a_failed_read",
    ),
    green(
        "F38",
        "PrincipalNotFound",
        f"{ROLES}::test_a_principal_that_is_not_found_is_waited_for_under_one_name",
        f"{ROLES}::test_a_principal_that_is_never_found_fails_in_five_minutes_and_the_next_run_converges",
    ),
    green(
        "F39",
        "deleted and still there",
        WAITED,
        f"{OPERATIONS}::test_a_delete_polled_on_a_foreign_host_is_done_only_when_it_is_gone",
        f"{FRESH}::test_what_was_deleted_is_gone_at_the_first_404_with_all_in_it",
    ),
    green(
        "F40",
        "two replicas that disagree",
        f"{STALE}::test_two_replicas_that_answer_in_turns_do_not_make_it_swing",
    ),
    green(
        "F41",
        "two writers, no lock",
        f"{HISTORIES}::test_two_writers_without_a_lock_come_to_one_state",
        f"{HISTORIES}::test_a_seed_is_one_order_of_two_writers",
    ),
    undone("F42", "lock, takeover, SIGSTOP", "there is no lock: F41 is what holds instead"),
    green(
        "F43",
        "two specs claim one resource",
        "contract/test_ownership.py::test_a_second_spec_that_claims_the_same_resources_is_refused_naming_both",
    ),
    green(
        "F44",
        "anything changes after a plan was saved",
        "cli/test_the_whole_cycle.py::test_a_saved_plan_is_applied_as_it_is_or_refused_by_name",
        "cli/test_saved_plans.py::test_other_data_than_was_planned_is_not_trained_on",
        "cli/test_saved_plans.py::test_another_flow_than_was_planned_is_not_uploaded",
        "cli/test_saved_plans.py::test_a_plan_of_one_cloud_is_not_carried_out_in_another",
    ),
    green(
        "F45",
        "drift in the middle and between",
        "properties/test_any_history.py::test_after_any_history_azure_holds_what_was_asked_for",
        f"{INFRA}::test_a_setting_changed_behind_our_back_is_put_right",
        "contract/test_what_a_plan_showed.py::test_a_field_that_was_not_shown_is_not_written",
    ),
    green(
        "F46",
        "tags stripped, copied, in another case",
        "kinds/test_ownership.py::test_a_mark_on_another_resource_is_nobodys",
        "kinds/test_ownership.py::test_tags_are_found_in_any_case_and_in_the_properties_of_assets",
        f"{DESTROYING}::test_a_mark_copied_from_another_resource_is_not_deleted",
    ),
    undone("F47", "a policy that reverts a field", "needs the loop, which is not built"),
    green(
        "F48",
        "clock, time zone, locale",
        "faults/test_clock.py",
        "faults/test_matrix.py::test_a_plan_is_the_same_everywhere",
    ),
    green(
        "F49",
        "bad specs",
        f"{CORPUS}::test_every_kind_of_bad_spec_is_there",
        f"{CORPUS}::test_a_bad_spec_is_told_with_place_cause_and_fix",
        f"{CORPUS}::test_all_that_is_wrong_is_told_at_once",
        "cli/test_the_whole_cycle.py::test_a_wrong_spec_sends_nothing",
    ),
    green(
        "F50",
        "bad YAML",
        f"{CORPUS}::test_every_kind_of_bad_yaml_is_there",
        f"{CORPUS}::test_bad_yaml_is_told_with_place_cause_and_fix",
        f"{CORPUS}::test_a_hostile_file_costs_little_memory",
        "spec/test_document.py::test_any_text_is_a_document_or_a_diagnostic",
        "spec/test_document.py::test_bad_yaml_is_refused_in_one_clear_line",
    ),
    green(
        "F51",
        "a canary in every secret source",
        f"{SECRETS}::test_a_command_shows_none",
        f"{SECRETS}::test_a_saved_plan_holds_none",
    ),
    green(
        "F52",
        "the server echoes a secret",
        f"{SECRETS}::test_an_answer_that_echoes_the_key_is_shown_without_it",
        f"{CLIENTS}::test_no_library_logs_what_it_sends",
    ),
    green(
        "F53",
        "secrets in tags, names, environment",
        f"{SECRETS}::test_no_tag_or_property_of_any_resource_holds_one_or_its_digest",
        f"{SECRETS}::test_the_environment_is_sent_nowhere",
    ),
    green(
        "F54",
        "paths and links that lead out",
        "faults/test_paths.py",
        "datasets/test_places.py::test_no_path_and_no_link_leads_out",
        "datasets/test_places.py::test_only_regular_files_of_a_known_format_are_read",
    ),
    green(
        "F55",
        "hostile text in the output",
        "render/test_hostile_text.py::test_hostile_text_is_shown_harmless_everywhere",
    ),
    undone("F56", "what a pull request may ask for", "needs policy.yaml, which is not built"),
    green(
        "F57",
        "no disk, no home, read-only",
        "faults/test_machine.py",
        "cli/test_exit_codes.py::test_a_full_disk_is_an_error_and_not_a_traceback",
        "datasets/test_places.py::test_without_a_home_downloads_go_to_the_temporary_folder",
    ),
    undone("F58", "the git remote", "needs the loop, which is not built"),
    undone("F59", "the loop itself", "needs the loop, which is not built"),
    green(
        "F60",
        "the sandbox itself",
        "faults/test_sandbox_itself.py",
        "sandbox_dataplane/test_survival.py",
        "sandbox/test_refusals.py",
    ),
)


def table():
    """Return the matrix as the lines of a Markdown table."""
    lines = ["| row | fault | state | tests, or what is missing |", "| --- | --- | --- | --- |"]
    for row in MATRIX:
        files = sorted({f"`{test.partition('::')[0]}`" for test in row.tests})
        said = "; ".join(part for part in (row.lacks, ", ".join(files)) if part)
        lines.append(f"| {row.number} | {row.fault} | {row.state} | {said} |")
    return lines
