"""Rows of the fault matrix: what meets a run at home: its process, machine, spec."""

from tests.faults.row import green

HISTORIES = "faults/test_histories.py"
KILLED = "faults/test_killed_anywhere.py"
CLIENTS = "cloud/test_every_client.py"
DESTROYING = "contract/test_destroying.py"
INFRA = "kinds/test_infra_live.py"
SECRETS = "secrets/test_nowhere.py"
CORPUS = "spec/test_corpus.py"
LEASE = "gitops/test_lease.py"
STOPPING = "cli/test_stopping.py"

HERE = (
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
        "F41",
        "two writers, no lock",
        f"{HISTORIES}::test_two_writers_without_a_lock_come_to_one_state",
        f"{HISTORIES}::test_a_seed_is_one_order_of_two_writers",
    ),
    green(
        "F42",
        "lock, takeover, SIGSTOP",
        f"{LEASE}::test_a_renewed_lease_lasts_and_one_that_is_not_goes_to_the_next",
        f"{LEASE}::test_a_replica_that_was_stopped_writes_nothing_when_it_wakes",
        "gitops/test_replicas.py::test_no_replica_that_was_stopped_writes_after_its_lease",
        f"{CLIENTS}::test_what_is_lost_while_a_write_is_sent_leaves_it_incomplete",
    ),
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
    green(
        "F47",
        "a policy that reverts a field",
        "gitops/test_one_pass.py::test_a_field_that_another_corrects_back_is_left_to_it",
        "gitops/test_contend.py",
    ),
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
    green(
        "F56",
        "what a pull request may ask for",
        "contract/test_policy_from_outside.py",
        "contract/test_promises.py",
        "cli/test_hostile_plans.py",
        "cli/test_planted_files.py",
    ),
    green(
        "F57",
        "no disk, no home, read-only",
        "faults/test_machine.py",
        "cli/test_exit_codes.py::test_a_full_disk_is_an_error_and_not_a_traceback",
        "datasets/test_places.py::test_without_a_home_downloads_go_to_the_temporary_folder",
    ),
    green(
        "F58",
        "the git remote",
        "gitops/test_git_hostile.py",
        "gitops/test_git_refusals.py",
        "gitops/test_git_itself.py",
        "gitops/test_runner_of_git.py",
    ),
    green(
        "F59",
        "the loop itself",
        "gitops/test_passes_disturbed.py",
        "gitops/test_loop_process.py",
        "gitops/test_runner.py",
    ),
    green(
        "F60",
        "the sandbox itself",
        "faults/test_sandbox_itself.py",
        "sandbox_dataplane/test_survival.py",
        "sandbox/test_refusals.py",
    ),
)
