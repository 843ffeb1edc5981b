/**
 * Puts the load of a gate file on a service and ends the stage by the verdict.
 *
 *     loadgateGate(gate: 'thresholds/api.toml', target: 'https://staging.example.com')
 *
 * gate          the gate file
 * target        the address of the service, instead of the gate file's
 * out           the directory of the reports
 * failUnstable  whether a failed gate makes the build unstable, which does not block everywhere
 *
 * The verdict becomes the build's description. With the Performance plugin, `perfReport` draws
 * `performance.xml` from the directory of the reports: perfReport(sourceDataFiles: "OUT/performance.xml").
 *
 * Returns the exit code, where the stage goes on. A comment on the pull request needs a credential:
 * wrap the step in withCredentials and bind LOADGATE_GITHUB_TOKEN or LOADGATE_GITLAB_TOKEN.
 */
int call(Map asked = [:]) {
    Map all = [gate: 'thresholds/api.toml', target: '', out: 'loadgate-out', failUnstable: false]
    List unknown = asked.keySet().findAll { key -> !all.containsKey(key) } as List
    if (unknown) {
        error("loadgateGate: no such parameter: ${unknown.join(', ')}")
    }
    all += asked

    int code = 3
    try {
        // By the environment, so that no parameter is ever read as shell.
        withEnv([
            "IN_GATE=${all.gate}",
            "LOADGATE_TARGET=${all.target}",
            "LOADGATE_OUT=${all.out}",
        ]) {
            code = sh(returnStatus: true, script: 'exec loadgate run -- "$IN_GATE"')
        }
    } finally {
        // The exit code sets the result, not the number of failed cases.
        junit(
            testResults: "${all.out}/junit.xml",
            allowEmptyResults: true,
            skipMarkingBuildUnstable: true
        )
        archiveArtifacts(artifacts: "${all.out}/*", allowEmptyArchive: true)
    }
    conclude(code, all.failUnstable)
    return code
}

private void conclude(int code, boolean failUnstable) {
    Map words = [0: 'pass', 1: 'fail', 3: 'inconclusive', 4: 'pass, not delivered']
    currentBuild.description = "loadgate: ${words.get(code, "no verdict (${code})")}"
    if (code == 0) {
        return
    }
    String why = code == 1 ? 'loadgate: fail, see the test report' : "loadgate: no verdict (${code})"
    if (code == 1 && failUnstable) {
        unstable(why)
    } else {
        error(why)
    }
}
