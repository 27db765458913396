# PandaFuzz.  A table of contents: a paragraph per folder, a file per line.
#
#	make demo	install what is missing, build, fuzz two targets, show
#	make check	install what is missing, build, run all tests
#
# B names the folder for everything built: make B=build-mine all

B ?= build
CC ?= cc
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Werror
HARDEN = -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
HARDEN_LD = -pie -Wl,-z,relro,-z,now,-z,noexecstack
CPPFLAGS += -I. -D_GNU_SOURCE
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(CPPFLAGS) $(CFLAGS) $(SAN)
ALL_LDFLAGS = $(HARDEN_LD) $(LDFLAGS) $(SAN)

LIBS_BASE = -lcrypto -lsystemd -lyaml
LIBS_WIRE = -lz
LIBS_ARCHIVE = -larchive
LIBS_MASTERD = -lsqlite3 -lmicrohttpd -lseccomp $(LIBS_WIRE) $(LIBS_BASE)
LIBS_BOTD = -lssh2 $(LIBS_ARCHIVE) $(LIBS_WIRE) $(LIBS_BASE)
LIBS_PFADM = -lcurl -lsmartcols $(LIBS_ARCHIVE) $(LIBS_BASE)

.PHONY: default
default: all

# ---- lib/base: mechanism that has never heard of fuzzing -------------------
LIB_BASE = \
	lib/base/buf.c \
	lib/base/clock.c \
	lib/base/config.c \
	lib/base/config_command.c \
	lib/base/config_load.c \
	lib/base/config_print.c \
	lib/base/config_retry.c \
	lib/base/config_tree.c \
	lib/base/config_yaml.c \
	lib/base/digest.c \
	lib/base/elf.c \
	lib/base/err.c \
	lib/base/fs.c \
	lib/base/fs_tree.c \
	lib/base/histogram.c \
	lib/base/json.c \
	lib/base/json_scan.c \
	lib/base/json_write.c \
	lib/base/log.c \
	lib/base/log_copy.c \
	lib/base/log_journal.c \
	lib/base/loop.c \
	lib/base/nearest.c \
	lib/base/random.c \
	lib/base/retry.c \
	lib/base/spawn.c \
	lib/base/sshkey.c \
	lib/base/text.c

# ---- lib/archive: builds and seed corpora in -------------------------------
LIB_ARCHIVE = \
	lib/archive/build.c \
	lib/archive/kit.c \
	lib/archive/seeds.c

# ---- lib/wire: what bot and master say to each other -----------------------
LIB_WIRE = \
	lib/wire/bundle_read.c \
	lib/wire/bundle_write.c \
	lib/wire/fields.c \
	lib/wire/flags.c \
	lib/wire/header.c \
	lib/wire/ids.c \
	lib/wire/invitation.c \
	lib/wire/job_file.c \
	lib/wire/known.c \
	lib/wire/manifest.c \
	lib/wire/record.c \
	lib/wire/sanitizers.c \
	lib/wire/status.c \
	lib/wire/ticket.c \
	lib/wire/ticket_inputs.c

# ---- lib/triage: reports to signatures, pure -------------------------------
LIB_TRIAGE = \
	lib/triage/group.c \
	lib/triage/link.c \
	lib/triage/base_rules.c \
	lib/triage/casr.c \
	lib/triage/clean.c \
	lib/triage/facts.c \
	lib/triage/facts_text.c \
	lib/triage/frame_name.c \
	lib/triage/frames.c \
	lib/triage/heads.c \
	lib/triage/heads_assert.c \
	lib/triage/heads_process.c \
	lib/triage/heads_signal.c \
	lib/triage/heads_text.c \
	lib/triage/heads_ubsan.c \
	lib/triage/rules.c \
	lib/triage/rules_find.c \
	lib/triage/rules_glob.c \
	lib/triage/rules_read.c \
	lib/triage/security.c \
	lib/triage/severity.c \
	lib/triage/signature.c \
	lib/triage/span.c \
	lib/triage/stack.c \
	lib/triage/state.c \
	lib/triage/triage.c \
	lib/triage/types.c

# ---- spool: durable hand-over folders --------------------------------------
SPOOL = \
	spool/spool.c \
	spool/spool_entries.c \
	spool/spool_put.c \
	spool/spool_sweep.c \
	spool/spool_take.c

# ---- masterd ---------------------------------------------------------------
MASTERD_STORE = \
	masterd/store/disk.c \
	masterd/store/builds.c \
	masterd/store/closer.c \
	masterd/store/jobs.c \
	masterd/store/logs.c \
	masterd/store/metadata.c \
	masterd/store/names.c \
	masterd/store/stage.c \
	masterd/store/store.c \
	masterd/store/sync.c

MASTERD_DB = \
	masterd/db/accounts.c \
	masterd/db/accounts_invites.c \
	masterd/db/accounts_keys.c \
	masterd/db/audit.c \
	masterd/db/beats.c \
	masterd/db/bots.c \
	masterd/db/bots_change.c \
	masterd/db/bots_rest.c \
	masterd/db/bots_time.c \
	masterd/db/buckets_decide.c \
	masterd/db/buckets_link.c \
	masterd/db/buckets_moved.c \
	masterd/db/buckets_place.c \
	masterd/db/buckets_settle.c \
	masterd/db/buckets_split.c \
	masterd/db/buckets_step.c \
	masterd/db/buckets_undo.c \
	masterd/db/buckets_why.c \
	masterd/db/builds.c \
	masterd/db/builds_keep.c \
	masterd/db/checks.c \
	masterd/db/crash_json.c \
	masterd/db/db.c \
	masterd/db/demand.c \
	masterd/db/facts.c \
	masterd/db/facts_crash.c \
	masterd/db/follow.c \
	masterd/db/functions.c \
	masterd/db/health.c \
	masterd/db/hits.c \
	masterd/db/hooks.c \
	masterd/db/jobs.c \
	masterd/db/jobs_change.c \
	masterd/db/jobs_choose.c \
	masterd/db/jobs_values.c \
	masterd/db/judge.c \
	masterd/db/known.c \
	masterd/db/leases.c \
	masterd/db/leases_end.c \
	masterd/db/leases_plan.c \
	masterd/db/leases_recover.c \
	masterd/db/ledger.c \
	masterd/db/ledger_check.c \
	masterd/db/metadata.c \
	masterd/db/migrate.c \
	masterd/db/multipliers.c \
	masterd/db/nearest.c \
	masterd/db/pools.c \
	masterd/db/reader.c \
	masterd/db/rebuild.c \
	masterd/db/rebuild_sql.c \
	masterd/db/regroup.c \
	masterd/db/regroup_apply.c \
	masterd/db/regroup_plan.c \
	masterd/db/reruns.c \
	masterd/db/reruns_make.c \
	masterd/db/retention.c \
	masterd/db/rules_try.c \
	masterd/db/schema.c \
	masterd/db/schema_2.c \
	masterd/db/schema_3.c \
	masterd/db/schema_4.c \
	masterd/db/segments.c \
	masterd/db/stuck.c \
	masterd/db/submissions.c \
	masterd/db/tasks.c \
	masterd/db/usage.c \
	masterd/db/viewer.c \
	masterd/db/views.c \
	masterd/db/views_account.c \
	masterd/db/views_alarm.c \
	masterd/db/views_bot.c \
	masterd/db/views_crash.c \
	masterd/db/views_sort.c \
	masterd/db/views_sql.c

MASTERD_PLAN = \
	masterd/plan/match.c \
	masterd/plan/multiplier.c \
	masterd/plan/retention.c \
	masterd/plan/schedule.c \
	masterd/plan/seats.c \
	masterd/plan/share.c \
	masterd/plan/templates.c \
	masterd/plan/templates_access.c \
	masterd/plan/templates_resolve.c \
	masterd/plan/values.c \
	masterd/plan/values_items.c \
	masterd/plan/values_keys.c \
	masterd/plan/why.c \
	masterd/plan/why_bot.c \
	masterd/plan/withdraw.c

MASTERD_INTAKE = \
	masterd/intake/apply.c \
	masterd/intake/batch.c \
	masterd/intake/decode.c \
	masterd/intake/decoder.c \
	masterd/intake/fair.c \
	masterd/intake/frame.c \
	masterd/intake/incoming.c \
	masterd/intake/ingest.c \
	masterd/intake/ingest_again.c \
	masterd/intake/ingest_commit.c \
	masterd/intake/ingest_frames.c \
	masterd/intake/judge.c \
	masterd/intake/meta.c \
	masterd/intake/meter.c \
	masterd/intake/naming.c \
	masterd/intake/reject.c

MASTERD_PUBLISH = \
	masterd/publish/known.c \
	masterd/publish/pack.c \
	masterd/publish/plan.c \
	masterd/publish/publish.c \
	masterd/publish/sweep.c \
	masterd/publish/tick.c \
	masterd/publish/ticket_inputs.c \
	masterd/publish/ticket_values.c \
	masterd/publish/tickets.c \
	masterd/publish/written.c

MASTERD_ACCOUNTS = \
	masterd/accounts/answer.c \
	masterd/accounts/enrol.c \
	masterd/accounts/folder.c \
	masterd/accounts/gate.c \
	masterd/accounts/judge.c \
	masterd/accounts/keyfiles.c

MASTERD_ADMIN = \
	masterd/admin/account_act.c \
	masterd/admin/admin.c \
	masterd/admin/build_targets.c \
	masterd/admin/change.c \
	masterd/admin/checks.c \
	masterd/admin/conns.c \
	masterd/admin/doors.c \
	masterd/admin/http.c \
	masterd/admin/job_body.c \
	masterd/admin/job_make.c \
	masterd/admin/keep_rows.c \
	masterd/admin/log_place.c \
	masterd/admin/metrics.c \
	masterd/admin/permit.c \
	masterd/admin/problems.c \
	masterd/admin/read_child.c \
	masterd/admin/request.c \
	masterd/admin/roles.c \
	masterd/admin/routes.c \
	masterd/admin/routes_bot.c \
	masterd/admin/routes_bucket.c \
	masterd/admin/routes_regroup.c \
	masterd/admin/routes_account.c \
	masterd/admin/routes_account_key.c \
	masterd/admin/routes_build.c \
	masterd/admin/routes_build_get.c \
	masterd/admin/routes_crash.c \
	masterd/admin/routes_events.c \
	masterd/admin/routes_file.c \
	masterd/admin/routes_job.c \
	masterd/admin/routes_job_change.c \
	masterd/admin/routes_job_show.c \
	masterd/admin/routes_list.c \
	masterd/admin/routes_remove.c \
	masterd/admin/routes_spool.c \
	masterd/admin/routes_rules.c \
	masterd/admin/routes_status.c \
	masterd/admin/routes_submission.c \
	masterd/admin/routes_system.c \
	masterd/admin/routes_why.c \
	masterd/admin/rules_test.c \
	masterd/admin/socket.c \
	masterd/admin/trace.c \
	masterd/admin/traits.c \
	masterd/admin/uploads.c

MASTERD_HOOKS = \
	masterd/hooks/child.c \
	masterd/hooks/folder.c \
	masterd/hooks/hooks.c \
	masterd/hooks/issue.c

# What tests link, too.
MASTERD_PROCESS = \
	masterd/jobs.c \
	masterd/rules.c \
	masterd/templates.c \
	masterd/watch.c

MASTERD = \
	masterd/access.c \
	masterd/alive.c \
	masterd/chores.c \
	masterd/main.c \
	masterd/maintain.c \
	masterd/metadata.c \
	masterd/notice.c \
	masterd/rebuild.c \
	masterd/rebuild_meta.c \
	masterd/rebuild_store.c \
	masterd/recover.c \
	masterd/reload.c \
	masterd/retire.c \
	masterd/settings.c \
	masterd/times.c \
	masterd/upkeep.c \
	masterd/weigh.c

# ---- botd ------------------------------------------------------------------
BOTD_COURIER = \
	botd/courier/bucket.c \
	botd/courier/carry.c \
	botd/courier/confirm.c \
	botd/courier/courier.c \
	botd/courier/deliver.c \
	botd/courier/fetch.c \
	botd/courier/known.c \
	botd/courier/lease.c \
	botd/courier/line.c \
	botd/courier/link.c \
	botd/courier/link_dir.c \
	botd/courier/link_sftp.c \
	botd/courier/link_sftp_host.c \
	botd/courier/link_tcp.c \
	botd/courier/outbox.c \
	botd/courier/pull.c \
	botd/courier/push.c \
	botd/courier/relay.c \
	botd/courier/settle.c

BOTD_CAGE = \
	botd/cage/bwrap.c \
	botd/cage/cage.c \
	botd/cage/cgroup.c \
	botd/cage/keeper.c \
	botd/cage/probe.c \
	botd/cage/tree.c

BOTD_ENGINE = \
	botd/engine/check.c \
	botd/engine/dict.c \
	botd/engine/elf_calls.c \
	botd/engine/engine.c \
	botd/engine/environment.c \
	botd/engine/libfuzzer.c \
	botd/engine/libfuzzer_input.c \
	botd/engine/options.c \
	botd/engine/probe.c

BOTD_RUNNER = \
	botd/runner/beat.c \
	botd/runner/birth.c \
	botd/runner/bot_log.c \
	botd/runner/cache.c \
	botd/runner/check.c \
	botd/runner/collect.c \
	botd/runner/cpu.c \
	botd/runner/crash.c \
	botd/runner/fill.c \
	botd/runner/known.c \
	botd/runner/launch.c \
	botd/runner/names.c \
	botd/runner/outbox.c \
	botd/runner/prepare.c \
	botd/runner/register.c \
	botd/runner/reproduce.c \
	botd/runner/rerun.c \
	botd/runner/result.c \
	botd/runner/run.c \
	botd/runner/runner.c \
	botd/runner/salvage.c \
	botd/runner/seal.c \
	botd/runner/segments.c \
	botd/runner/series.c \
	botd/runner/session.c \
	botd/runner/shown.c \
	botd/runner/symbols.c \
	botd/runner/tickets.c

BOTD_PROCESS = \
	botd/carriers.c \
	botd/doctor.c \
	botd/enroll.c \
	botd/enroll_files.c \
	botd/hours.c \
	botd/off.c \
	botd/presence.c \
	botd/rates.c \
	botd/settings.c \
	botd/settings_finish.c \
	botd/supervisor.c \
	botd/template.c

BOTD = \
	botd/main.c

# ---- tools -----------------------------------------------------------------
PFADM = \
	tools/pfadm/main.c

PFADM_PARTS = \
	tools/pfadm/build_folder.c \
	tools/pfadm/build_wait.c \
	tools/pfadm/change.c \
	tools/pfadm/changes.c \
	tools/pfadm/client.c \
	tools/pfadm/cmd_account.c \
	tools/pfadm/cmd_bucket.c \
	tools/pfadm/cmd_bucket_show.c \
	tools/pfadm/cmd_bucket_why.c \
	tools/pfadm/cmd_build.c \
	tools/pfadm/cmd_crash.c \
	tools/pfadm/cmd_crash_add.c \
	tools/pfadm/cmd_crash_show.c \
	tools/pfadm/cmd_events.c \
	tools/pfadm/cmd_job.c \
	tools/pfadm/cmd_job_watch.c \
	tools/pfadm/cmd_kit.c \
	tools/pfadm/cmd_ledger.c \
	tools/pfadm/cmd_log.c \
	tools/pfadm/cmd_rules.c \
	tools/pfadm/cmd_run.c \
	tools/pfadm/cmd_spool.c \
	tools/pfadm/cmd_status.c \
	tools/pfadm/cmd_system.c \
	tools/pfadm/cmd_why.c \
	tools/pfadm/commands.c \
	tools/pfadm/complain.c \
	tools/pfadm/completion.c \
	tools/pfadm/export_sarif.c \
	tools/pfadm/far_end.c \
	tools/pfadm/fetch.c \
	tools/pfadm/fold.c \
	tools/pfadm/grammar.c \
	tools/pfadm/hashing.c \
	tools/pfadm/inputs.c \
	tools/pfadm/interrupt.c \
	tools/pfadm/kit.c \
	tools/pfadm/kit_elf.c \
	tools/pfadm/kit_fetch.c \
	tools/pfadm/kit_libs.c \
	tools/pfadm/kit_script.c \
	tools/pfadm/kit_scrub.c \
	tools/pfadm/kit_text.c \
	tools/pfadm/kit_words.c \
	tools/pfadm/options.c \
	tools/pfadm/page.c \
	tools/pfadm/pick.c \
	tools/pfadm/plain.c \
	tools/pfadm/problems.c \
	tools/pfadm/ranges.c \
	tools/pfadm/report.c \
	tools/pfadm/sarif.c \
	tools/pfadm/screen.c \
	tools/pfadm/sheets.c \
	tools/pfadm/sheets_farm.c \
	tools/pfadm/table.c \
	tools/pfadm/tunnel.c \
	tools/pfadm/unpack.c \
	tools/pfadm/where.c

PF_SPOOL = \
	tools/pf-spool/main.c \
	tools/pf-spool/extract.c \
	tools/pf-spool/seal.c \
	tools/pf-spool/show.c

PF_TRIAGE = \
	tools/pf-triage/main.c \
	tools/pf-triage/cluster.c \
	tools/pf-triage/show.c

PF_REPORT = \
	tools/pf-report/main.c

PF_REPORT_PARTS = \
	tools/pf-report/facts.c \
	tools/pf-report/prom.c \
	tools/pf-report/state.c \
	tools/pf-report/text.c

PF_LOCAL = \
	tools/pf-local/admit.c \
	tools/pf-local/api.c \
	tools/pf-local/confine.c \
	tools/pf-local/keyfile.c \
	tools/pf-local/layout.c \
	tools/pf-local/main.c \
	tools/pf-local/process.c \
	tools/pf-local/relay.c \
	tools/pf-local/rsync.c \
	tools/pf-local/serve.c \
	tools/pf-local/sshd.c \
	tools/pf-local/status.c \
	tools/pf-local/up.c

PF_ACCOUNT = \
	tools/pf-account/main.c

PF_ACCOUNT_PARTS = \
	tools/pf-account/accounts.c \
	tools/pf-account/adopt.c \
	tools/pf-account/adopt_move.c \
	tools/pf-account/adopt_sshd.c \
	tools/pf-account/keys.c \
	tools/pf-account/session.c \
	tools/pf-account/sessions.c \
	tools/pf-account/setup.c \
	tools/pf-account/site.c \
	tools/pf-account/sshd.c \
	tools/pf-account/sync.c \
	tools/pf-account/unix.c

# ---- tests/unit: one program per source file, cmocka -----------------------
UNIT_BASE = \
	tests/unit/lib/base/buf_test.c \
	tests/unit/lib/base/clock_test.c \
	tests/unit/lib/base/config_command_test.c \
	tests/unit/lib/base/config_load_test.c \
	tests/unit/lib/base/config_print_test.c \
	tests/unit/lib/base/config_test.c \
	tests/unit/lib/base/config_tree_test.c \
	tests/unit/lib/base/config_yaml_test.c \
	tests/unit/lib/base/digest_test.c \
	tests/unit/lib/base/elf_test.c \
	tests/unit/lib/base/err_test.c \
	tests/unit/lib/base/fs_test.c \
	tests/unit/lib/base/fs_tree_test.c \
	tests/unit/lib/base/histogram_test.c \
	tests/unit/lib/base/json_test.c \
	tests/unit/lib/base/json_scan_test.c \
	tests/unit/lib/base/json_write_test.c \
	tests/unit/lib/base/log_test.c \
	tests/unit/lib/base/log_copy_test.c \
	tests/unit/lib/base/log_journal_test.c \
	tests/unit/lib/base/loop_test.c \
	tests/unit/lib/base/loop_watch_test.c \
	tests/unit/lib/base/nearest_test.c \
	tests/unit/lib/base/random_test.c \
	tests/unit/lib/base/retry_test.c \
	tests/unit/lib/base/spawn_test.c \
	tests/unit/lib/base/sshkey_test.c \
	tests/unit/lib/base/text_test.c

UNIT_ARCHIVE = \
	tests/unit/lib/archive/build_test.c \
	tests/unit/lib/archive/kit_test.c \
	tests/unit/lib/archive/seeds_test.c

UNIT_WIRE = \
	tests/unit/lib/wire/bundle_read_test.c \
	tests/unit/lib/wire/bundle_write_test.c \
	tests/unit/lib/wire/flags_test.c \
	tests/unit/lib/wire/ids_test.c \
	tests/unit/lib/wire/invitation_test.c \
	tests/unit/lib/wire/job_file_test.c \
	tests/unit/lib/wire/known_test.c \
	tests/unit/lib/wire/manifest_test.c \
	tests/unit/lib/wire/record_test.c \
	tests/unit/lib/wire/sanitizers_test.c \
	tests/unit/lib/wire/status_test.c \
	tests/unit/lib/wire/ticket_test.c

UNIT_TRIAGE = \
	tests/unit/lib/triage/group_test.c \
	tests/unit/lib/triage/link_test.c \
	tests/unit/lib/triage/facts_test.c \
	tests/unit/lib/triage/facts_text_test.c \
	tests/unit/lib/triage/frames_test.c \
	tests/unit/lib/triage/heads_test.c \
	tests/unit/lib/triage/rules_test.c \
	tests/unit/lib/triage/settle_test.c \
	tests/unit/lib/triage/severity_test.c \
	tests/unit/lib/triage/triage_test.c

UNIT_SPOOL = \
	tests/unit/spool/spool_entries_test.c \
	tests/unit/spool/spool_fault_test.c \
	tests/unit/spool/spool_put_test.c \
	tests/unit/spool/spool_sweep_test.c \
	tests/unit/spool/spool_take_test.c \
	tests/unit/spool/spool_test.c

UNIT_MASTERD = \
	tests/unit/masterd/accounts/enrol_test.c \
	tests/unit/masterd/accounts/keyfiles_test.c \
	tests/unit/masterd/admin/admin_test.c \
	tests/unit/masterd/admin/api_manual_test.c \
	tests/unit/masterd/admin/bad_input_test.c \
	tests/unit/masterd/admin/job_make_test.c \
	tests/unit/masterd/admin/metrics_test.c \
	tests/unit/masterd/admin/permit_test.c \
	tests/unit/masterd/admin/request_test.c \
	tests/unit/masterd/admin/routes_events_test.c \
	tests/unit/masterd/admin/routes_account_test.c \
	tests/unit/masterd/admin/routes_bucket_test.c \
	tests/unit/masterd/admin/routes_job_test.c \
	tests/unit/masterd/admin/socket_test.c \
	tests/unit/masterd/admin/trace_test.c \
	tests/unit/masterd/admin/traits_test.c \
	tests/unit/masterd/db/accounts_test.c \
	tests/unit/masterd/db/audit_test.c \
	tests/unit/masterd/db/bots_test.c \
	tests/unit/masterd/db/bots_change_test.c \
	tests/unit/masterd/db/bots_off_test.c \
	tests/unit/masterd/db/bots_rest_test.c \
	tests/unit/masterd/db/buckets_decide_test.c \
	tests/unit/masterd/db/buckets_place_test.c \
	tests/unit/masterd/db/builds_test.c \
	tests/unit/masterd/db/checks_test.c \
	tests/unit/masterd/db/db_test.c \
	tests/unit/masterd/db/downgrade_test.c \
	tests/unit/masterd/db/demand_test.c \
	tests/unit/masterd/db/facts_test.c \
	tests/unit/masterd/db/facts_crash_test.c \
	tests/unit/masterd/db/follow_test.c \
	tests/unit/masterd/db/hits_test.c \
	tests/unit/masterd/db/hooks_test.c \
	tests/unit/masterd/db/jobs_test.c \
	tests/unit/masterd/db/jobs_change_test.c \
	tests/unit/masterd/db/jobs_choose_test.c \
	tests/unit/masterd/db/jobs_values_test.c \
	tests/unit/masterd/db/nearest_test.c \
	tests/unit/masterd/db/leases_test.c \
	tests/unit/masterd/db/leases_end_test.c \
	tests/unit/masterd/db/leases_plan_test.c \
	tests/unit/masterd/db/leases_recover_test.c \
	tests/unit/masterd/db/ledger_test.c \
	tests/unit/masterd/db/metadata_test.c \
	tests/unit/masterd/db/pools_test.c \
	tests/unit/masterd/db/migrate_test.c \
	tests/unit/masterd/db/reader_test.c \
	tests/unit/masterd/db/reruns_test.c \
	tests/unit/masterd/db/regroup_test.c \
	tests/unit/masterd/db/retention_test.c \
	tests/unit/masterd/db/rules_try_test.c \
	tests/unit/masterd/db/schema_2_test.c \
	tests/unit/masterd/db/segments_test.c \
	tests/unit/masterd/db/submissions_test.c \
	tests/unit/masterd/db/tasks_test.c \
	tests/unit/masterd/db/usage_test.c \
	tests/unit/masterd/db/views_sort_test.c \
	tests/unit/masterd/db/views_test.c \
	tests/unit/masterd/hooks/child_test.c \
	tests/unit/masterd/hooks/folder_test.c \
	tests/unit/masterd/hooks/hooks_test.c \
	tests/unit/masterd/hooks/issue_test.c \
	tests/unit/masterd/intake/decoder_test.c \
	tests/unit/masterd/intake/fair_test.c \
	tests/unit/masterd/intake/frame_test.c \
	tests/unit/masterd/intake/incoming_test.c \
	tests/unit/masterd/intake/judge_test.c \
	tests/unit/masterd/intake/meter_test.c \
	tests/unit/masterd/intake/reject_test.c \
	tests/unit/masterd/plan/multiplier_test.c \
	tests/unit/masterd/plan/retention_test.c \
	tests/unit/masterd/plan/schedule_test.c \
	tests/unit/masterd/plan/simulate_test.c \
	tests/unit/masterd/plan/templates_access_test.c \
	tests/unit/masterd/plan/templates_manual_test.c \
	tests/unit/masterd/plan/templates_test.c \
	tests/unit/masterd/plan/values_test.c \
	tests/unit/masterd/plan/why_bot_test.c \
	tests/unit/masterd/plan/why_test.c \
	tests/unit/masterd/publish/known_test.c \
	tests/unit/masterd/publish/pack_test.c \
	tests/unit/masterd/publish/plan_test.c \
	tests/unit/masterd/publish/publish_test.c \
	tests/unit/masterd/publish/tick_test.c \
	tests/unit/masterd/publish/ticket_values_test.c \
	tests/unit/masterd/retire_test.c \
	tests/unit/masterd/rules_test.c \
	tests/unit/masterd/settings_test.c \
	tests/unit/masterd/store/disk_test.c \
	tests/unit/masterd/store/store_test.c \
	tests/unit/masterd/store/jobs_test.c \
	tests/unit/masterd/templates_test.c \
	tests/unit/masterd/watch_test.c \
	tests/unit/masterd/weigh_test.c

UNIT_BOTD = \
	tests/unit/botd/cage/cage_test.c \
	tests/unit/botd/cage/keeper_test.c \
	tests/unit/botd/engine/check_test.c \
	tests/unit/botd/engine/dict_test.c \
	tests/unit/botd/engine/elf_calls_test.c \
	tests/unit/botd/engine/environment_test.c \
	tests/unit/botd/engine/libfuzzer_input_test.c \
	tests/unit/botd/engine/libfuzzer_test.c \
	tests/unit/botd/engine/options_test.c \
	tests/unit/botd/engine/probe_test.c \
	tests/unit/botd/runner/beat_test.c \
	tests/unit/botd/runner/bot_log_test.c \
	tests/unit/botd/runner/cache_test.c \
	tests/unit/botd/runner/collect_test.c \
	tests/unit/botd/runner/cpu_test.c \
	tests/unit/botd/runner/known_test.c \
	tests/unit/botd/runner/names_test.c \
	tests/unit/botd/runner/outbox_test.c \
	tests/unit/botd/runner/result_test.c \
	tests/unit/botd/runner/segments_test.c \
	tests/unit/botd/runner/series_test.c \
	tests/unit/botd/runner/shown_test.c \
	tests/unit/botd/runner/symbols_test.c \
	tests/unit/botd/courier/bucket_test.c \
	tests/unit/botd/courier/carry_test.c \
	tests/unit/botd/courier/confirm_test.c \
	tests/unit/botd/courier/kill_test.c \
	tests/unit/botd/courier/lease_test.c \
	tests/unit/botd/courier/line_test.c \
	tests/unit/botd/courier/link_dir_test.c \
	tests/unit/botd/courier/outbox_test.c \
	tests/unit/botd/courier/pull_test.c \
	tests/unit/botd/courier/push_test.c \
	tests/unit/botd/courier/settle_test.c \
	tests/unit/botd/hours_test.c \
	tests/unit/botd/presence_test.c \
	tests/unit/botd/rates_test.c \
	tests/unit/botd/settings_test.c \
	tests/unit/botd/template_test.c

UNIT_TOOLS = \
	tests/unit/tools/pf-local/keyfile_test.c \
	tests/unit/tools/pf-account/keys_test.c \
	tests/unit/tools/pf-account/sshd_test.c \
	tests/unit/tools/pf-local/rsync_test.c \
	tests/unit/tools/pfadm/buckets_test.c \
	tests/unit/tools/pfadm/build_folder_test.c \
	tests/unit/tools/pf-report/state_test.c \
	tests/unit/tools/pf-report/text_test.c \
	tests/unit/tools/pfadm/examples_test.c \
	tests/unit/tools/pfadm/grammar_test.c \
	tests/unit/tools/pfadm/kit_test.c \
	tests/unit/tools/pfadm/inputs_test.c \
	tests/unit/tools/pfadm/page_test.c \
	tests/unit/tools/pfadm/pick_test.c \
	tests/unit/tools/pfadm/plain_test.c \
	tests/unit/tools/pfadm/ranges_test.c \
	tests/unit/tools/pfadm/report_test.c \
	tests/unit/tools/pfadm/sarif_test.c \
	tests/unit/tools/pfadm/table_test.c \
	tests/unit/tools/pfadm/tunnel_test.c

UNIT_TESTS = $(UNIT_BASE) $(UNIT_ARCHIVE) $(UNIT_WIRE) $(UNIT_TRIAGE) \
	$(UNIT_SPOOL) $(UNIT_MASTERD) $(UNIT_BOTD) $(UNIT_TOOLS)

# Helpers that several unit tests link.
UNIT_HELPERS = \
	tests/unit/botd/courier/scene.c \
	tests/unit/botd/runner/world.c \
	tests/unit/lib/wire/bundles.c \
	tests/unit/scratch.c \
	tests/unit/settings_page.c

# And those that only some may link, by the rules below.
UNIT_APART = \
	tests/unit/faultsys.c \
	tests/unit/masterd/accounts/house.c \
	tests/unit/masterd/bugs.c \
	tests/unit/masterd/admin/server.c \
	tests/unit/masterd/db/killed.c \
	tests/unit/masterd/db/schemas.c \
	tests/unit/masterd/farm.c \
	tests/unit/masterd/handed_in.c \
	tests/unit/masterd/plan/scene.c \
	tests/unit/masterd/work.c \
	tests/unit/masterd/world.c

# Tests over a database with a row of everything, and over a served socket.
UNIT_WORLD = db/views_sort admin/admin admin/routes_account admin/routes_bucket admin/metrics admin/bad_input admin/permit admin/routes_events admin/socket admin/job_make admin/routes_job db/builds \
	db/jobs db/jobs_change db/jobs_choose db/jobs_values db/metadata db/nearest db/reader \
	db/views publish/ticket_values db/hooks hooks/hooks watch
$(UNIT_WORLD:%=$B/tests/unit/masterd/%_test): $B/tests/unit/masterd/world.o
$B/tests/unit/masterd/admin/admin_test $B/tests/unit/masterd/admin/bad_input_test \
$B/tests/unit/masterd/admin/socket_test $B/tests/unit/masterd/admin/routes_events_test \
$B/tests/unit/masterd/admin/metrics_test $B/tests/unit/masterd/admin/routes_account_test \
$B/tests/unit/masterd/admin/routes_bucket_test \
$B/tests/unit/masterd/admin/routes_job_test: $B/tests/unit/masterd/admin/server.o

# The parameters of its requests come from the test.
$B/tests/unit/masterd/admin/permit_test: WRAP = -Wl,--wrap=request_query

# Retiring builds is wired by main, not part of the archive.
$B/tests/unit/masterd/retire_test: $B/masterd/retire.o \
    $B/tests/unit/masterd/world.o

# Tests over a database with next to nothing in it.
UNIT_FARM = accounts/keyfiles db/accounts db/audit db/bots db/bots_off db/facts db/facts_crash db/hits db/ledger db/retention db/segments db/usage intake/judge publish/pack \
	publish/publish rules
$(UNIT_FARM:%=$B/tests/unit/masterd/%_test): $B/tests/unit/masterd/farm.o

# And over bugs in it.
UNIT_BUGS = db/buckets_decide db/buckets_place db/regroup db/rules_try
$(UNIT_BUGS:%=$B/tests/unit/masterd/%_test): $B/tests/unit/masterd/farm.o \
    $B/tests/unit/masterd/bugs.o

# And over tasks, leases and builds in it.
UNIT_WORK = db/checks db/demand publish/known publish/plan weigh db/follow db/leases db/leases_end db/leases_plan \
	db/leases_recover db/reruns db/schema_2 db/submissions db/tasks publish/tick db/bots_change db/bots_rest db/pools
$(UNIT_WORK:%=$B/tests/unit/masterd/%_test): $B/tests/unit/masterd/farm.o \
    $B/tests/unit/masterd/work.o

$B/tests/unit/masterd/db/reruns_test $B/tests/unit/masterd/db/submissions_test: \
    $B/tests/unit/masterd/handed_in.o

# Farms in words, and farms in time.
$B/tests/unit/masterd/plan/schedule_test $B/tests/unit/masterd/plan/why_test \
$B/tests/unit/masterd/plan/why_bot_test: \
    $B/tests/unit/masterd/plan/scene.o
$B/tests/unit/masterd/plan/simulate_test: $B/tests/bench/simulate.o \
    $B/tests/bench/simulate_day.o

# Weighing is wired by main, not part of the archive.
$B/tests/unit/masterd/weigh_test: $B/masterd/weigh.o

# It moves the clock, and is a read child of its own.
$B/tests/unit/masterd/watch_test: WRAP = -Wl,--wrap=clock_up_ms

# Its clocks are moved.
$B/tests/unit/masterd/publish/tick_test: \
    WRAP = -Wl,--wrap=clock_up_ms,--wrap=clock_wall_ms

# What only masterd has; botd's settings have the same names.
$B/tests/unit/masterd/settings_test: $B/masterd/settings.o

# Tests that link faultsys.o make system calls fail (STYLE 18).
FAULTSYS_WRAP = openat write close fdopendir readdir fsync fstat fstatat \
	pread renameat2 linkat unlinkat mkdirat
$B/tests/unit/spool/spool_fault_test: $B/tests/unit/faultsys.o
$B/tests/unit/spool/spool_fault_test: WRAP = $(FAULTSYS_WRAP:%=-Wl,--wrap=%)

# A ROOT with an account, and machines that come to it.
$B/tests/unit/masterd/accounts/enrol_test: $B/tests/unit/masterd/accounts/house.o

# The gate of readers is pf-local's own.
$B/tests/unit/tools/pf-local/rsync_test: $B/tools/pf-local/rsync.o
$B/tests/unit/tools/pf-account/keys_test: $B/tools/pf-account/keys.o
$B/tests/unit/tools/pf-account/sshd_test: $B/tools/pf-account/site.o \
    $B/tools/pf-account/sshd.o
$B/tests/unit/tools/pf-local/keyfile_test: $B/tools/pf-local/keyfile.o

# And those that link killed.o are killed at each of their calls.
KILLED_WRAP = renameat linkat unlinkat write
UNIT_KILLED = accounts/enrol db/downgrade db/migrate
$(UNIT_KILLED:%=$B/tests/unit/masterd/%_test): \
    $B/tests/unit/masterd/db/killed.o $B/tests/unit/masterd/db/schemas.o
$(UNIT_KILLED:%=$B/tests/unit/masterd/%_test): \
    WRAP = $(KILLED_WRAP:%=-Wl,--wrap=%)

# ---- tests/fuzz: we fuzz ourselves -----------------------------------------
FUZZ_TARGETS = \
	tests/fuzz/admin_fuzz.c \
	tests/fuzz/archive_fuzz.c \
	tests/fuzz/bundle_fuzz.c \
	tests/fuzz/config_fuzz.c \
	tests/fuzz/elf_fuzz.c \
	tests/fuzz/engine_fuzz.c \
	tests/fuzz/enrol_fuzz.c \
	tests/fuzz/hours_fuzz.c \
	tests/fuzz/issue_fuzz.c \
	tests/fuzz/json_fuzz.c \
	tests/fuzz/keys_fuzz.c \
	tests/fuzz/rsync_fuzz.c \
	tests/fuzz/rules_fuzz.c \
	tests/fuzz/seeds_fuzz.c \
	tests/fuzz/status_fuzz.c \
	tests/fuzz/templates_fuzz.c \
	tests/fuzz/text_fuzz.c \
	tests/fuzz/ticket_fuzz.c \
	tests/fuzz/triage_fuzz.c

# ---- tests/bench, tests/fault: programs the scripts run --------------------
TEST_TOOLS = \
	tests/bench/build_add.c \
	tests/bench/engine.c \
	tests/bench/fleet.c \
	tests/bench/fleet_ssh.c \
	tests/bench/ingest.c \
	tests/bench/latency.c \
	tests/bench/memory.c \
	tests/bench/regroup.c \
	tests/bench/million.c \
	tests/bench/year.c \
	tests/bench/schedule.c \
	tests/bench/tasks.c \
	tests/bench/triage.c \
	tests/fault/craft.c \
	tests/fault/feed.c \
	tests/fault/fence.c \
	tests/fault/killat.c \
	tests/fault/knock.c \
	tests/fault/notified.c

# What the benches share.
BENCH_PARTS = \
	tests/bench/bench.c \
	tests/bench/farm.c \
	tests/bench/feed.c \
	tests/bench/fleet_bot.c \
	tests/bench/fleet_eyes.c \
	tests/bench/fleet_scene.c \
	tests/bench/floor.c \
	tests/bench/master.c \
	tests/bench/simulate.c \
	tests/bench/simulate_day.c \
	tests/bench/usage.c \
	tests/bench/year_load.c

# ---- rules -----------------------------------------------------------------
# Everything but the mains goes into one archive; the linker takes what a
# program needs.  Which folder may use which is kept by a test, not by this.
SHARED = $(LIB_BASE) $(LIB_ARCHIVE) $(LIB_WIRE) $(LIB_TRIAGE) $(SPOOL) \
	$(MASTERD_STORE) $(MASTERD_DB) $(MASTERD_PLAN) $(MASTERD_INTAKE) \
	$(MASTERD_PUBLISH) $(MASTERD_ACCOUNTS) $(MASTERD_ADMIN) $(MASTERD_HOOKS) $(MASTERD_PROCESS) \
	$(BOTD_COURIER) $(BOTD_CAGE) $(BOTD_ENGINE) $(BOTD_RUNNER) \
	$(BOTD_PROCESS) $(PFADM_PARTS) $(PF_REPORT_PARTS)
SOURCES = $(SHARED) $(MASTERD) $(BOTD) $(PFADM) $(PF_SPOOL) $(PF_LOCAL) \
	$(PF_REPORT) $(PF_TRIAGE) \
	$(PF_ACCOUNT) $(PF_ACCOUNT_PARTS)
OBJECTS = $(SOURCES:%.c=$B/%.o)
ARCHIVE = $B/libpandafuzz.a
PROGRAMS = $B/bin/pandafuzz-masterd $B/bin/pandafuzz-botd $B/bin/pfadm \
	$B/bin/pf-spool $B/bin/pf-local $B/bin/pf-report $B/bin/pf-account \
	$B/bin/pf-triage

.PHONY: all
all: $(PROGRAMS) $B/completion/pfadm $B/completion/_pfadm

$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The script that it holds.
$B/tools/pfadm/kit_script.o: tools/pfadm/kit_repro.sh

# Made anew when the lists above change, too.
$(ARCHIVE): $(SHARED:%.c=$B/%.o) Makefile
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$B/bin/pandafuzz-masterd: $(MASTERD:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_MASTERD)

$B/bin/pandafuzz-botd: $(BOTD:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_BOTD)

$B/bin/pfadm: $(PFADM:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_PFADM)

# For bash as "pfadm", for zsh as "_pfadm": by these names shells find them.
$B/completion/pfadm: $B/bin/pfadm
	@mkdir -p $(@D)
	$B/bin/pfadm completion bash >$@.new && mv $@.new $@

$B/completion/_pfadm: $B/bin/pfadm
	@mkdir -p $(@D)
	$B/bin/pfadm completion zsh >$@.new && mv $@.new $@

$B/bin/pf-spool: $(PF_SPOOL:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_WIRE) $(LIBS_BASE)

$B/bin/pf-triage: $(PF_TRIAGE:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_BASE)

$B/bin/pf-report: $(PF_REPORT:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_PFADM)

$B/bin/pf-local: $(PF_LOCAL:%.c=$B/%.o) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_BASE)

$B/bin/pf-account: $(PF_ACCOUNT:%.c=$B/%.o) $(PF_ACCOUNT_PARTS:%.c=$B/%.o) \
    $B/tools/pf-local/rsync.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_BASE)

UNIT_PROGRAMS = $(UNIT_TESTS:%.c=$B/%)
LIBS_ALL = $(LIBS_PFADM) $(LIBS_MASTERD) $(LIBS_BOTD)

$B/tests/unit/%: $B/tests/unit/%.o $(UNIT_HELPERS:%.c=$B/%.o) $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) $(WRAP) -o $@ $(filter %.o,$^) $(ARCHIVE) -lcmocka $(LIBS_ALL)

$B/tests/bench/%: $B/tests/bench/%.o $(BENCH_PARTS:%.c=$B/%.o) $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_ALL)

$B/tests/fault/%: $B/tests/fault/%.o $(ARCHIVE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_ALL)

# One libFuzzer program per harness, built apart with clang.
FUZZ_PROGRAMS = $(FUZZ_TARGETS:%.c=$B/%)
FUZZ_FLAGS = -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined

$B/tests/fuzz/%: tests/fuzz/%.c $(LIB_BASE) $(LIB_WIRE) $(LIB_TRIAGE)
	@mkdir -p $(@D)
	clang -std=c11 $(CPPFLAGS) $(FUZZ_FLAGS) -o $@ $^ $(LIBS_WIRE) $(LIBS_BASE)

# Those that need more than the libraries.
$B/tests/fuzz/elf_fuzz: botd/engine/elf_calls.c tools/pfadm/kit_elf.c
$B/tests/fuzz/hours_fuzz: botd/hours.c botd/rates.c botd/template.c
$B/tests/fuzz/issue_fuzz: masterd/hooks/issue.c
$B/tests/fuzz/keys_fuzz: tools/pf-account/keys.c
$B/tests/fuzz/rsync_fuzz: tools/pf-local/rsync.c
$B/tests/fuzz/engine_fuzz: $(BOTD_ENGINE)
$B/tests/fuzz/templates_fuzz: $(filter masterd/plan/templates% \
    masterd/plan/values%,$(MASTERD_PLAN))
$B/tests/fuzz/admin_fuzz: $(MASTERD_ADMIN) $(MASTERD_DB) $(MASTERD_PLAN) \
    $(MASTERD_STORE) $(SPOOL)
$B/tests/fuzz/admin_fuzz: LIBS_WIRE += -lsqlite3 -lmicrohttpd
$B/tests/fuzz/archive_fuzz $B/tests/fuzz/seeds_fuzz: $(LIB_ARCHIVE)
$B/tests/fuzz/archive_fuzz $B/tests/fuzz/seeds_fuzz: LIBS_WIRE += $(LIBS_ARCHIVE)

.PHONY: unit fuzz-programs test-tools
unit: $(UNIT_PROGRAMS)
fuzz-programs: $(FUZZ_PROGRAMS)
test-tools: $(TEST_TOOLS:%.c=$B/%)

# ---- install: packaging/ and what was built, in the places of a system -------
# make install [DESTDIR=] [PREFIX=/usr] [SYSCONFDIR=/etc]; settings that are
# there are left alone.  Afterwards: README.md, "For a team".
PREFIX ?= /usr
SYSCONFDIR ?= /etc

INSTALL_SBIN = pandafuzz-botd pandafuzz-masterd pf-account
INSTALL_BIN = pf-local pf-report pf-spool pf-triage pfadm

MANUALS = \
	botd/botd.yaml.5 \
	botd/pandafuzz-botd.8 \
	lib/triage/pandafuzz-rules.5 \
	masterd/masterd.yaml.5 \
	masterd/pandafuzz-api.7 \
	masterd/pandafuzz-masterd.8 \
	masterd/pandafuzz-metrics.7 \
	masterd/pandafuzz-templates.5 \
	tools/pf-local/pf-local.1 \
	tools/pf-report/pf-report.1 \
	tools/pf-spool/pf-spool.1 \
	tools/pf-triage/pf-triage.1 \
	tools/pf-account/pf-account.8 \
	tools/pfadm/pfadm.1

UNITS = \
	packaging/sshd/pandafuzz-sshd.service \
	packaging/systemd/pandafuzz-accounts.service \
	packaging/systemd/pandafuzz-botd.service \
	packaging/systemd/pandafuzz-masterd.service \
	packaging/systemd/pandafuzz-report.service \
	packaging/systemd/pandafuzz-report.timer

# Folders of it, whole.
EXAMPLES = packaging/examples packaging/cron packaging/sshd packaging/etc

.PHONY: install uninstall
install: all
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" \
	    B="$B" SBIN="$(INSTALL_SBIN)" BIN="$(INSTALL_BIN)" \
	    MANUALS="$(MANUALS)" UNITS="$(UNITS)" EXAMPLES="$(EXAMPLES)" \
	    packaging/install

uninstall:
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" \
	    B="$B" SBIN="$(INSTALL_SBIN)" BIN="$(INSTALL_BIN)" \
	    MANUALS="$(MANUALS)" UNITS="$(UNITS)" EXAMPLES="$(EXAMPLES)" \
	    packaging/install --remove

# ---- what people and CI run -------------------------------------------------
# Each is a script; what is missing is installed first, then all is built.
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
ASAN_WHAT ?= unit flow
JOBS ?= $(shell nproc)
AGAIN = +@$(MAKE) --no-print-directory -j$(JOBS)

.PHONY: demo check torture asan tidy format-check bench fuzz
demo:
	@tools/install-deps demo
	@echo "building ..."
	$(AGAIN) -s all
	@B=$B tools/demo

check:
	@tools/install-deps check
	$(AGAIN) WHAT="static unit flow fault" run-tests

torture:
	@tools/install-deps check
	$(AGAIN) WHAT=fault TORTURE=1 run-tests

asan:
	@tools/install-deps check
	$(AGAIN) B=$B-asan SAN="$(ASAN)" CFLAGS="-O1 -g" \
	    WHAT="$(ASAN_WHAT)" run-tests

tidy:
	@tools/install-deps check
	@tools/tidy $(SOURCES) $(UNIT_TESTS) $(UNIT_HELPERS) $(UNIT_APART) \
	    $(TEST_TOOLS) $(FUZZ_TARGETS)

format-check:
	@tools/install-deps check
	@tools/format-check

bench:
	@tools/install-deps check
	$(AGAIN) all test-tools
	@B=$B ONLY=$(ONLY) tests/bench/run

fuzz:
	@tools/install-deps check
	$(AGAIN) fuzz-programs
	@B=$B tests/fuzz/run $(FUZZ_PROGRAMS)

.PHONY: run-tests
run-tests: all unit test-tools
	@B=$B UNIT_PROGRAMS="$(UNIT_PROGRAMS)" TORTURE=$(TORTURE) \
	    SANITIZED=$(if $(SAN),yes) tests/run $(WHAT) -- $(ONLY)

.PHONY: clean
clean:
	rm -rf $B

.PRECIOUS: $B/%.o
-include $(OBJECTS:.o=.d) $(UNIT_TESTS:%.c=$B/%.d) $(UNIT_HELPERS:%.c=$B/%.d) \
	$(UNIT_APART:%.c=$B/%.d) $(TEST_TOOLS:%.c=$B/%.d) \
	$(BENCH_PARTS:%.c=$B/%.d)
