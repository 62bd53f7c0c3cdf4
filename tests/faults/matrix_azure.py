"""Rows of the fault matrix: what Azure, and the network before it, may do to a run."""

from tests.faults.row import green

UNDER_US = "operations/test_under_us.py"
FAULTS = "faults/test_matrix.py::test_one_fault_on_one_write"
HISTORIES = "faults/test_histories.py"
STALE = "faults/test_stale.py"
WAITED = f"{STALE}::test_reads_that_are_behind_are_waited_out"
LYING = "contract/test_lists_that_lie.py"
BEHIND = "contract/test_reads_that_are_behind.py"
FRESH = "cloud/test_read_after_write.py"
OPERATIONS = "cloud/test_long_running.py"
ANSWERS = "cloud/test_answers.py"
DEADLINE = "cloud/test_request_deadline.py"
CLIENTS = "cloud/test_every_client.py"
INFRA = "kinds/test_infra_live.py"
TWINS = "kinds/test_infra_soft_deleted.py"
JOB = "kinds/test_job_live.py"
ROLES = "operations/test_roles_in_effect.py"

AZURE = (
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
        f"{TWINS}::test_a_soft_deleted_vault_is_told_before_anything_is_written",
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
    green(
        "F22",
        "429 for longer than the budget",
        f"{ANSWERS}::test_an_outage_is_not_hammered_on",
        "gitops/test_due.py",
        "gitops/test_passes_that_fail.py",
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
)
