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
{{- if eq .Release.Namespace "kubetune-system" -}}{{ $name }}{{- else -}}{{ printf "%s-%s" .Release.Namespace $name }}{{- end -}}
{{- end -}}

{{/* What finds the release's pods: the operator's and that of `helm test`. */}}
{{- define "kubetune.releaseLabels" -}}
app.kubernetes.io/name: {{ include "kubetune.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What finds the operator's pods and no others; it never changes between versions. */}}
{{- define "kubetune.selectorLabels" -}}
{{ include "kubetune.releaseLabels" . }}
app.kubernetes.io/component: operator
{{- end -}}

{{/* The labels of every object. What selectors ask for cannot be overridden. */}}
{{- define "kubetune.labels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge (dict) (include "kubetune.releaseLabels" . | fromYaml) $own .Values.commonLabels | toYaml -}}
{{- end -}}

{{/* The labels of a pod. Takes a list: the top, and the part of Kubetune that it is. */}}
{{- define "kubetune.podLabels" -}}
{{- $top := index . 0 -}}
{{- $own := include "kubetune.releaseLabels" $top | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/component" (index . 1) -}}
{{- merge (dict) $own $top.Values.podLabels (include "kubetune.labels" $top | fromYaml) | toYaml -}}
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

{{/* A pod's account, its rights, and where it may run. */}}
{{- define "kubetune.podSpec" -}}
serviceAccountName: {{ include "kubetune.serviceAccountName" . }}
{{- $secrets := list }}
{{- range concat .Values.imagePullSecrets .Values.global.imagePullSecrets }}
{{- $secrets = append $secrets (ternary . (get (ternary (dict) . (kindIs "string" .)) "name") (kindIs "string" .)) }}
{{- end }}
{{- with uniq $secrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraVolumes }}
volumes:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What the operator's container and that of `helm test` share: the image, settings and bounds. */}}
{{- define "kubetune.container" -}}
image: {{ include "kubetune.image" (list . .Values.image) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  {{- include "kubetune.environment" . | nindent 2 }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
volumeMounts:
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

{{/* An image's whole name. Takes a list: the top, and the image's values. */}}
{{- define "kubetune.image" -}}
{{- $top := index . 0 -}}
{{- $image := index . 1 -}}
{{- $name := $image.repository -}}
{{- with default $image.registry $top.Values.global.imageRegistry -}}
{{- $name = printf "%s/%s" (trimSuffix "/" .) $name -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default $top.Chart.AppVersion $image.tag) -}}
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
  value: {{ include "kubetune.image" (list . .Values.collector.image) | quote }}
- name: KUBETUNE_COLLECTOR_RESOURCES
  value: {{ .Values.collector.resources | toJson | quote }}
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
