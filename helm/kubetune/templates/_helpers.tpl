{{/* The chart's name, as the label app.kubernetes.io/name has it. */}}
{{- define "kubetune.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of the release's objects. */}}
{{- define "kubetune.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "kubetune.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The name of the release's objects outside any namespace: two releases may share a name. */}}
{{- define "kubetune.clusterName" -}}
{{- $name := include "kubetune.fullname" . -}}
{{- if eq .Release.Namespace "kubetune-system" -}}{{ $name }}{{- else -}}{{ printf "%s-%s" .Release.Namespace $name | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{/* What finds the operator's pods; it never changes between versions. */}}
{{- define "kubetune.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kubetune.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels of every object. */}}
{{- define "kubetune.labels" -}}
{{ include "kubetune.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata.labels and metadata.annotations of an object. */}}
{{- define "kubetune.metadata" -}}
labels:
  {{- include "kubetune.labels" . | nindent 2 }}
{{- with .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "kubetune.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kubetune.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false, so serviceAccount.name has to name an account" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* An image's whole name. Takes a list: the image's values and the tag that an empty one stands for. */}}
{{- define "kubetune.image" -}}
{{- $image := index . 0 -}}
{{- $name := $image.repository -}}
{{- if $image.registry -}}{{- $name = printf "%s/%s" (trimSuffix "/" $image.registry) $image.repository -}}{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default (index . 1) $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Rules of a role, from the file of that name. In a namespace of its own the operator binds Roles. */}}
{{- define "kubetune.rules" -}}
{{- $rules := (index . 0).Files.Get (printf "files/rules/%s.yaml" (index . 1)) -}}
{{- if (index . 0).Values.watchNamespaces -}}
{{- $rules = $rules | replace "clusterroles" "roles" -}}
{{- end -}}
{{ $rules | trim }}
{{- end -}}

{{/* The operator's settings. */}}
{{- define "kubetune.environment" -}}
- name: KUBETUNE_COLLECTOR_IMAGE
  value: {{ include "kubetune.image" (list .Values.collector.image .Chart.AppVersion) | quote }}
- name: KUBETUNE_WORKERS
  value: {{ .Values.operator.workers | quote }}
- name: KUBETUNE_LOG_LEVEL
  value: {{ .Values.operator.logLevel | quote }}
- name: KUBETUNE_LEASE_SECONDS
  value: {{ .Values.operator.leaseSeconds | quote }}
- name: KUBETUNE_LEASE_NAME
  value: {{ include "kubetune.fullname" . }}-operator
{{- with .Values.watchNamespaces }}
- name: KUBETUNE_NAMESPACES
  value: {{ . | uniq | sortAlpha | join "," | quote }}
- name: KUBETUNE_ROLE_KIND
  value: Role
{{- end }}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- end -}}
