from django.urls import path

from labelapp.labeling import api, project_api, record_api

urlpatterns = [
    path("questions", project_api.QuestionListView.as_view()),
    path("projects", project_api.ProjectListView.as_view()),
    path("projects/<int:project_id>", project_api.ProjectView.as_view()),
    path("projects/<int:project_id>/instructions", project_api.InstructionListView.as_view()),
    path("projects/<int:project_id>/members", project_api.MemberListView.as_view()),
    path("projects/<int:project_id>/members/<int:user_id>", project_api.MemberView.as_view()),
    path("projects/<int:project_id>/tasks", project_api.TaskListView.as_view()),
    path("tasks/<int:task_id>/withdraw", project_api.WithdrawTaskView.as_view()),
    path("projects/<int:project_id>/next", api.NextView.as_view()),
    path("projects/<int:project_id>/upcoming", api.UpcomingView.as_view()),
    path("assignments/<int:assignment_id>", api.AssignmentView.as_view()),
    path("assignments/<int:assignment_id>/heartbeat", api.HeartbeatView.as_view()),
    path("assignments/<int:assignment_id>/draft", api.DraftView.as_view()),
    path("assignments/<int:assignment_id>/submit", api.SubmitView.as_view()),
    path("assignments/<int:assignment_id>/revise", api.ReviseView.as_view()),
    path("assignments/<int:assignment_id>/skip", api.SkipView.as_view()),
    path("assignments/<int:assignment_id>/undo", api.UndoView.as_view()),
    path("history", record_api.HistoryView.as_view()),
    path("progress", record_api.ProgressView.as_view()),
    path("submissions", record_api.SubmissionListView.as_view()),
    path("submissions/<int:submission_id>", record_api.SubmissionView.as_view()),
    path("skips", record_api.SkipListView.as_view()),
]
